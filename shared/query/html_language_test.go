package query_test

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"
	"unicode"
)

// checkPageError checks the status and the texts of a page that shows an error.
func checkPageError(t *testing.T, h http.Handler, target string, status int, want ...string) {
	t.Helper()
	rec := get(h, target, "Accept", "text/html")
	if rec.Code != status {
		t.Errorf("%s: %s", target, dump(rec))
	}
	checkHTML(t, target, rec.Body.String(), want...)
}

// TestErrorsAreInTheLanguageOfThePage: the page of an error has its sentences in Chinese. For
// programs they are in English, whatever language they accept.
func TestErrorsAreInTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for _, row := range []struct {
		target string
		status int
		says   []string
	}{
		{"/v1/images?limit=0", 400, []string{"参数 limit 必须是 1 到 1000 的整数，收到的是 &#34;0&#34;。", "参数的值不被允许"}},
		{"/v1/images?Statsu=x&ImageId=a,,b", 400, []string{"参数 Statsu 不是 /v1/images 的参数。您是不是要找 &#34;Status&#34;？",
			"可用的值：", "以及镜像的每个字段（见 /openapi.json）。", "参数 ImageId 的逗号之间有空值：&#34;a,,b&#34;。",
			"所有接口和参数的说明见 /openapi.json。"}},
		{"/v1/images?q=&limit=1,2", 400, []string{"参数 limit 只能有一个值，收到的是 &#34;1,2&#34;，可能重复给出了该参数。"}},
		{"/v1/images?OsTag.Version__gt=x", 400, []string{"参数 OsTag.Version__gt 必须是含有数字的版本号，收到的是 &#34;x&#34;。"}},
		{"/v1/images?ImageName__regex=(", 400, []string{"参数 ImageName__regex 不是 RE2 表达式：missing closing ): `(`。"}},
		{"/v1/images?at=2020-01-01T00:00", 400, []string{"没有时区，收到的是 &#34;2020-01-01T00:00&#34;。请加上 Z 或 +08:00。"}},
		{"/v1/images?at=2020-01-01", 404, []string{"；at 更早。", "请使用 at=1，或更晚的时间。", "所查询的时间早于保留的首次提交"}},
		{"/v1/images?at=99", 404, []string{"最近一次提交的编号是", "；at 更晚。"}},
		{"/v1/images?ClusterId=ehpc-z", 404, []string{"集群 &#34;ehpc-z&#34; 未在 cn-hangzhou 采集", "已采集的集群：",
			"请使用已采集的集群的 ID。"}},
		{"/v1/images?ClusterId=*&InstanceType=ecs.none", 404, []string{
			"cn-hangzhou 没有采集任何集群实例规格 &#34;ecs.none&#34; 的列表", "已采集的实例规格："}},
		{"/v1/images?ClusterId=*&minCount=900&q=none", 404, []string{"有 0 个镜像符合，minCount 要求 900 个。" +
			"没有已采集的镜像的名称、描述、ID 或产品代码包含 &#34;none&#34;。"}},
		{"/v1/images/m-none", 404, []string{"所查询的范围从未在 cn-hangzhou 提供过镜像 &#34;m-none&#34;。"}},
		{"/v1/aliases/none", 404, []string{"cn-hangzhou 没有定义别名 &#34;none&#34;", "别名："}},
		{"/v1/imagse", 404, []string{"没有路径 &#34;/v1/imagse&#34;。您是不是要找 &#34;/v1/images&#34;？",
			"可用的路径：/v1/images、/v1/"}},
		{"/v1/diff?from=-1h&with=ehpc-b", 400, []string{"参数 with 不能与 from 和 to 同时使用。可用的值：两个集群，或两个时间。"}},
	} {
		page := get(h, row.target, "Accept", "text/html", "Accept-Language", "zh-CN")
		program := get(h, row.target, "Accept", "application/json", "Accept-Language", "zh-CN")
		if page.Code != row.status || program.Code != row.status {
			t.Errorf("%s: %s\n%s", row.target, dump(page), dump(program))
		}
		checkHTML(t, row.target, page.Body.String(), row.says...)
		var english struct{ Message, Recommend string }
		if err := json.Unmarshal(program.Body.Bytes(), &english); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{english.Message, english.Recommend} {
			if hasHan(text) || text != "" && strings.Contains(page.Body.String(), html.EscapeString(text)) {
				t.Errorf("%s: %q is on the Chinese page, or is not English", row.target, text)
			}
		}
	}
}

// TestHintsAreInTheLanguageOfThePage: hints beside images and in the place of images.
func TestHintsAreInTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for target, want := range map[string][]string{
		"/v1/images": {"每个集群都支持的镜像有 2 个（已采集的共 5 个）；用 ClusterId=* 可搜索全部。"},
		"/v1/images?q=ubuntu": {"只搜索了每个集群都支持的镜像。使用 ClusterId=* 时，有 2 个镜像符合。",
			"没有所选范围内的镜像的名称、描述、ID 或产品代码包含 &#34;ubuntu&#34;。"},
		"/v1/images?ClusterId=*&OsTag.Platform=Ubunto": {"没有已采集的镜像符合 OsTag.Platform=Ubunto。" +
			"您是不是要找 &#34;Ubuntu&#34;？可用的值：&#34;CentOS&#34;、&#34;Ubuntu&#34;。"},
		"/v1/images?ClusterId=ehpc-a&OsTag.Version__gte=99": {"值的范围是 &#34;7.2&#34; 到 &#34;22.04&#34;。"},
		"/v1/images?ClusterId=ehpc-a&OsTag.Platform=CentOS&Status=Creating": {
			"去掉 Status=Creating 后，有 3 个已采集的镜像符合。", "去掉 OsTag.Platform=CentOS 后，有 1 个已采集的镜像符合。"},
		"/v1/images?ImageId=m-win":  {"镜像 &#34;m-win&#34; 已不再提供，提供截至 2026-11-23T10:00:00.000Z。"},
		"/v1/images?ImageId=m-none": {"镜像 &#34;m-none&#34; 从未在 cn-hangzhou 提供过。"},
		"/v1/matrix?q=none":         {"没有已采集的镜像的名称、描述、ID 或产品代码包含 &#34;none&#34;。"},
	} {
		rec := get(h, target, "Accept", "text/html", "Accept-Language", "zh")
		checkHTML(t, target, rec.Body.String(), append(want, "!match", "!captured image", "!Values:")...)
		if header := rec.Header().Get("X-Hint"); hasHan(header) || header == "" {
			t.Errorf("%s: for programs it hints %q", target, header)
		}
	}
}

// TestRoutesAreInTheLanguageOfThePage: the overview lists the routes in Chinese. For curl they
// are in English.
func TestRoutesAreInTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	const english, chinese = "The description of this interface (OpenAPI 3.1).", "此接口的描述（OpenAPI 3.1）。"
	checkHTML(t, "/", getPage(t, h, "/"), english, "!"+chinese)
	checkHTML(t, "/?lang=zh", getPage(t, h, "/?lang=zh"), chinese, "!"+english)
	checkHTML(t, "/ of curl", get(h, "/", "Accept-Language", "zh").Body.String(), english, "!"+chinese)
}

// hasHan reports whether a text has Chinese characters.
func hasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
