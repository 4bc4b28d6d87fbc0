package query_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/query/status"
)

// troubledRegion is a region in which all is wrong that an operator has to look at.
type troubledRegion struct {
	*fixture
	handler   http.Handler
	candidate *catalog.Snapshot // the answer that is held back
	isDown    bool              // the storage does not answer
}

// newTroubledRegion returns a small region. Its last run held back an answer and a listing of
// clusters, and could not use aliases.json. Messages cannot be delivered.
func newTroubledRegion(t *testing.T) *troubledRegion {
	t.Helper()
	w := &troubledRegion{fixture: newSmallRegion(t)}
	writer := archive.NewWriter(w.Memory, w.Keys, func() time.Time { return w.Now })
	base, err := writer.Load(t.Context(), hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	scope, at := w.ParseScope(hangzhou, "ehpc-a/_any"), catalog.At(w.Now)
	w.candidate = catalog.NewSnapshot(scope, at, "up-9", parseImages(t, sampleImage))
	run := archive.Run{
		RunID: "run-held", Trigger: "timer", StartedAt: at, AliasProblem: `"aliases.json": Aliases[0].Name is missing`,
		Discovery: &archive.Listing{At: at, Held: 2,
			Problem: &format.Problem{Class: "suspicious", Message: "3 of 4 clusters are missing"}},
		Checks: []archive.Check{{
			Scope: scope, At: at, State: format.StateHeld, Snapshot: w.candidate,
			Problem:   &format.Problem{Class: "suspicious", Message: "3 of 4 images are gone"},
			Candidate: &format.Candidate{Digest: w.candidate.Digest, ImageCount: 1, Seen: 1, Since: at},
		}},
	}
	if _, err := writer.Commit(t.Context(), base, run); err != nil {
		t.Fatal(err)
	}
	w.Memory.Spoil(w.Keys.NotifyStatus(), []byte(`{"Format":1,"Problem":"Subscriptions[1].Kind: is missing",`+
		`"Subscriptions":[{"Name":"ops","Kind":"dingtalk","Pending":3,"FailingSince":"2026-11-23T09:00:00.000Z",`+
		`"Problem":"answered 503"},{"Name":"team","Kind":"webhook","DeliveredAt":"2026-11-23T10:30:00.000Z"}]}`))
	w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
		if w.isDown {
			return &buckettest.Fault{Err: errDown}
		}
		return nil
	})
	w.handler = w.Handler(func(o *query.Options) {
		o.Report = func(context.Context, string, error) {}
		o.Notify = &status.Subscriptions{Get: func(ctx context.Context, etag string) ([]byte, string, error) {
			return w.Memory.Get(ctx, w.Keys.NotifyStatus(), etag)
		}}
	})
	return w
}

// TestPagesOfTrouble: the overview and the status say what is held back, what failed, and what
// to do about it, in both languages.
func TestPagesOfTrouble(t *testing.T) {
	t.Parallel()
	w := newTroubledRegion(t)
	accept := `{&#34;accept&#34;: [&#34;cn-hangzhou/ehpc-a/_any@` + w.candidate.Digest + `&#34;]}`
	both := []string{accept, "3 of 4 images are gone", "&#34;aliases.json&#34;: Aliases[0].Name is missing"}
	english := []string{"partly out of date", "held back for", "Images in it: 1; in the published list: 4.", "(1 so far)",
		"Invoke the snapshot function with this event:", "The last run changed no alias.", "1 held back"}
	chinese := []string{"部分过期", "已暂扣", "该应答有 1 个镜像，已发布的列表有 4 个。", "（目前 1 次）",
		"最近一次运行没有更改任何别名。", "1 个暂扣"}
	for target, want := range map[string][]string{
		"/": english, "/?lang=zh": chinese, "/v1/status": english, "/v1/status?lang=zh": chinese,
	} {
		html := getPage(t, w.handler, target)
		checkHTML(t, target, html, both...)
		checkHTML(t, target, html, want...)
	}
	checkHTML(t, "/v1/status", getPage(t, w.handler, "/v1/status"), "3 of 4 clusters are missing", "(2 so far)",
		"The last run could not use notify.json.</strong> Subscriptions[1].Kind: is missing",
		"<strong class=\"name\">ops</strong>", "answered 503", "failed for 2 h",
		"<strong class=\"name\">team</strong>", `<span class="pill good">ok</span>`)
	checkHTML(t, "/v1/status?lang=zh", getPage(t, w.handler, "/v1/status?lang=zh"), "（目前 2 次）", "已失败 2 小时",
		"待通知的提交", "answered 503", "最近一次运行无法使用 notify.json。")
	checkHTML(t, "/v1/clusters", getPage(t, w.handler, "/v1/clusters"), `3–4<span class="reason">by instance type</span>`,
		"held back for", "!<code>suspicious")
}

// TestPagesDuringAnOutage show what was read before, and say so. What was not read is missing.
func TestPagesDuringAnOutage(t *testing.T) {
	t.Parallel()
	w := newTroubledRegion(t)
	for _, target := range []string{"/", "/v1/status", "/v1/clusters"} {
		getPage(t, w.handler, target)
	}
	w.isDown = true
	w.Now = w.Now.Add(time.Minute)
	const english, chinese = "the storage cannot be reached; this is what was read last", "无法访问存储，显示的是上次读取的数据"
	for target, want := range map[string][]string{
		"/":                    {english, "Wait: reads go on by themselves", "Everything"},
		"/v1/status":           {english, "Everything"},
		"/v1/clusters":         {english, "name of ehpc-a"},
		"/?lang=zh":            {chinese, "请等待：存储恢复应答后，读取会自动继续。", "!" + english},
		"/v1/status?lang=zh":   {chinese, "!" + english},
		"/v1/clusters?lang=zh": {chinese, "!" + english},
	} {
		checkHTML(t, target, getPage(t, w.handler, target), want...)
	}
	never := newTroubledRegion(t)
	never.isDown = true
	for target, want := range map[string]string{
		"/": "has no copy of the data of cn-hangzhou", "/?lang=zh": "且此实例没有 cn-hangzhou 的数据副本。",
		"/v1/status": "has no copy of the data of cn-hangzhou", "/v1/status?lang=zh": "且此实例没有 cn-hangzhou 的数据副本。",
	} {
		checkHTML(t, target, getPage(t, never.handler, target), want, "!This did not work")
	}
	checkPageError(t, never.handler, "/v1/images?lang=zh", 503, "无法访问存储，且此实例没有 cn-hangzhou 的数据副本。",
		"请在几秒后重试。", "StorageUnavailable</code> – 无法访问存储")
}
