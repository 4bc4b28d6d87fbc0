package query_test

import (
	"cmp"
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/alias"
	"community-images/shared/archive/buckettest"
	"community-images/shared/catalog"
	"community-images/shared/query"
)

// newAliasRegion returns Hangzhou with some images and one alias. pin may be nil.
func newAliasRegion(t *testing.T, name, lookup string, pin *alias.Pin, images ...string) *fixture {
	t.Helper()
	w := newFixture(t)
	w.Aliases = alias.File{hangzhou: {{Name: name, Lookup: lookup, Pin: pin}}}
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, images...)})
	return w
}

// newAliasWithEndingPin returns Hangzhou with the alias "gpu": m-cent79 for an hour, m-cent710 later.
func newAliasWithEndingPin(t *testing.T) *fixture {
	t.Helper()
	pin := &alias.Pin{ImageID: "m-cent79", Reason: "r", Until: catalog.At(epoch.Add(time.Hour))}
	return newAliasRegion(t, "gpu", "sort=-OsTag.Version", pin, centOS79, centOS710)
}

// checkAnswer compares the status and the first words of an answer's body or message.
func checkAnswer(t *testing.T, rec *httptest.ResponseRecorder, status int, begins string) {
	t.Helper()
	text := rec.Body.String()
	var e struct{ Code, Message string }
	if status != 200 && json.Unmarshal(rec.Body.Bytes(), &e) == nil {
		text = e.Code + ": " + e.Message
	}
	if rec.Code != status || !strings.HasPrefix(text, begins) {
		t.Errorf("answer is %d %s, want %d %s", rec.Code, rec.Body, status, begins)
	}
}

// TestPinOfAnAlias: it holds the image while it is active and offered. When the image goes, no
// other one takes its place until somebody decides; when the pin ends, the lookup decides.
func TestPinOfAnAlias(t *testing.T) {
	t.Parallel()
	until := catalog.At(epoch.Add(3 * time.Hour))
	w := newAliasRegion(t, "gpu", "OsTag.Platform=CentOS&sort=-OsTag.Version",
		&alias.Pin{ImageID: "m-win", Reason: "the last that works", Until: until}, windows, centOS79, centOS710)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = time.Minute })
	const target = "/v1/aliases/gpu?format=ids"
	rec := get(h, target)
	checkAnswer(t, rec, 200, "m-win\n") // no filter keeps a pinned image out
	if again := get(h, target, "If-None-Match", rec.Header().Get("ETag")); again.Code != 304 {
		t.Errorf("the same answer is %d", again.Code)
	}

	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79, centOS710)})
	gone := get(h, target)
	checkAnswer(t, gone, 409, `PinnedImageGone: Alias "gpu" is pinned to image "m-win" (the last that works), which `+
		`its scopes do not offer. Its lookup would give "m-cent710".`)
	if want := `"PinnedImageId":"m-win","LookupImageId":"m-cent710"}`; !strings.Contains(gone.Body.String(), want) {
		t.Errorf("the error does not have %s: %s", want, gone.Body)
	}
	checkAnswer(t, get(h, target+"&at=1"), 200, "m-win\n")
	checkAnswer(t, get(h, "/v1/aliases?format=csv"), 200, "RegionId,Name,ImageId,ImageName,Rule,RuleSince,PinnedImageId,"+
		"PinReason,PinUntil,PinExpired,Lookup,Description,Error\r\ncn-hangzhou,gpu,,,pin,2026-11-23T09:00:00.000Z,m-win,the "+
		"last that works,2026-11-23T12:00:00.000Z,false,OsTag.Platform=CentOS&sort=-OsTag.Version,,PinnedImageGone")

	checkAnswer(t, get(h, target+"&maxAge=2h"), 409, "PinnedImageGone")
	w.Now = until.Time // without a commit
	checkAnswer(t, get(h, target+"&maxAge=1h"), 503, "SnapshotTooOld: Parts of the answer were last checked more")
	rec = get(h, target)
	checkAnswer(t, rec, 200, "m-cent710\n")
	hint := rec.Header().Get("X-Hint")
	if !strings.HasPrefix(hint, "The pin on image m-win (the last that works) ended at") {
		t.Errorf("the hint is %q", hint)
	}
	w.Now = w.Now.Add(time.Hour)
	checkAnswer(t, get(h, target+"&at=2026-11-23T11:59:59Z"), 409, "PinnedImageGone")
	checkAnswer(t, get(h, target+"&at=2026-11-23T12:00:00Z"), 200, "m-cent710\n")
	checkAnswer(t, get(h, target+"&at=2"), 409, "PinnedImageGone") // as it was when the commit was made
}

// TestPinEndsForCaches: an answer that a cache has is not confirmed once its pin has ended.
func TestPinEndsForCaches(t *testing.T) {
	t.Parallel()
	w := newAliasWithEndingPin(t)
	h := w.Handler()
	for _, target := range []string{"/v1/aliases/gpu", "/v1/aliases", "/v1/aliases?format=table"} {
		tag := get(h, target).Header().Get("ETag")
		w.Now = w.Now.Add(time.Hour)
		if rec := get(h, target, "If-None-Match", tag); rec.Code != 200 || !strings.Contains(rec.Body.String(), "m-cent710") {
			t.Errorf("%s: %s", target, dump(rec))
		}
		w.Now = w.Now.Add(-time.Hour)
	}
}

// TestAliasWithoutAnImage says why, as minCount does.
func TestAliasWithoutAnImage(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.Aliases = alias.File{hangzhou: {
		{Name: "ended", Lookup: "ClusterId=ehpc-a"},
		{Name: "empty", Lookup: "OsTag.Platform=Centos9"},
		{Name: "redacted", Lookup: "Uid=1"},
		{Name: "dated", Lookup: "sort=-FirstSeen"},
	}}
	images := parseImages(t, centOS79, centOS710)
	w.CommitRun(hangzhou, content{"_any/_any": images, "ehpc-a/_any": images})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"_any/_any": images}, "ehpc-a/_any")
	h := w.Handler(func(o *query.Options) { o.Redact = []string{"Uid"} })
	for target, want := range map[string]struct {
		status int
		begins string
	}{
		"ended":      {404, `ClusterNotFound: Cluster "ehpc-a" is not captured in cn-hangzhou.`},
		"ended?at=1": {200, `{"RequestId"`},
		"empty": {404, `NoImageMatches: No image matches the lookup of alias "empty". No captured image matches ` +
			`OsTag.Platform=Centos9. Did you mean "CentOS"? Values: "CentOS".`},
		"redacted": {409, `AliasUnusable: The lookup of alias "redacted" cannot be answered here: Uid is withheld by this ` +
			"service"},
		"dated": {200, `{"RequestId"`},
		"none": {404, `AliasNotFound: No alias "none" is defined in cn-hangzhou. Aliases: dated, empty, ended, ` +
			"redacted."},
		"none?at=1":  {404, `AliasNotFound: No alias "none" is defined in cn-hangzhou at commit 1.`},
		"NONE":       {404, "AliasNotFound: The path has no valid name of an alias."},
		"dated?at=0": {400, "InvalidParameter"},
	} {
		checkAnswer(t, get(h, "/v1/aliases/"+target), want.status, want.begins)
	}
	checkAnswer(t, get(h, "/v1/aliases?format=table"), 200, `
RegionId     Name      ImageId    ImageName        Rule    RuleSince                 Error
cn-hangzhou  dated     m-cent710  hpc-centos-7.10  lookup  2026-11-23T09:00:00.000Z  -
cn-hangzhou  empty     -          -                lookup  2026-11-23T09:00:00.000Z  NoImageMatches
cn-hangzhou  ended     -          -                lookup  2026-11-23T09:00:00.000Z  ClusterNotFound
cn-hangzhou  redacted  -          -                lookup  2026-11-23T09:00:00.000Z  AliasUnusable
`[1:])

	// Without the index nobody knows the dates, and any image would be a guess.
	objects := w.Memory.Objects()
	key, err := w.Keys.Index(hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	delete(objects, key)
	h = w.CopyWithObjects(objects).Handler(func(o *query.Options) { o.Redact = []string{"Uid"} })
	checkAnswer(t, get(h, "/v1/aliases/dated"), 503, `DataDamaged: Alias "dated" is chosen by the dates of images`)
	if rec := get(h, "/v1/aliases"); rec.Code != 200 || rec.Header().Get("ETag") != "" ||
		!strings.Contains(rec.Body.String(), `"Code":"DataDamaged"`) {
		t.Errorf("the list is %s", dump(rec))
	}
}

// TestAliasesOfCallers: a caller learns of an alias only if the grant covers all that its
// lookup depends on. For others it is as if it did not exist.
func TestAliasesOfCallers(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.Aliases = alias.File{hangzhou: {
		{Name: "a", Lookup: "ClusterId=ehpc-a"},
		{Name: "a-and-b", Lookup: "ClusterId=ehpc-a,ehpc-b"},
		{Name: "a-dated", Lookup: "ClusterId=ehpc-a&sort=-FirstSeen"},
		{Name: "all", Lookup: "ClusterId=*"},
		{Name: "b", Lookup: "ClusterId=ehpc-b&InstanceType=_any"},
		{Name: "every", Lookup: "q=centos"},
		{Name: "wrong", Lookup: "ClusterId=ehpc-a&Nonsense=1"},
	}}
	images := parseImages(t, centOS79)
	w.CommitRun(hangzhou, content{"_any/_any": images, "ehpc-a/_any": images, "ehpc-b/_any": images})
	h := w.Handler(allow(access.Grant{Name: "everything"}, access.Grant{Name: "hangzhou", Regions: []string{hangzhou}},
		access.Grant{Name: "a", Clusters: []string{"ehpc-a"}},
		access.Grant{Name: "both", Clusters: []string{"ehpc-a", "ehpc-b"}},
		access.Grant{Name: "none", Clusters: []string{"_any"}}, access.Grant{Name: "else", Clusters: []string{"ehpc-x"}}))
	all := "a a-and-b a-dated all b every wrong"
	for caller, want := range map[string]string{"everything": all, "hangzhou": all, "a": "a", "both": "a a-and-b b",
		"none": "every", "else": ""} {
		rec := get(h, "/v1/aliases", "Authorization", bearer(caller))
		var list struct{ Aliases []struct{ Name string } }
		if err := json.Unmarshal(rec.Body.Bytes(), &list); err != nil {
			t.Fatal(err, rec.Body)
		}
		var names []string
		for _, a := range list.Aliases {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s sees %q, want %q", caller, got, want)
		}
		for name := range strings.FieldsSeq(all) {
			rec := get(h, "/v1/aliases/"+name, "Authorization", bearer(caller))
			hidden := "Aliases: " + cmp.Or(strings.ReplaceAll(want, " ", ", "), "none") + "."
			isCovered := strings.Contains(" "+want+" ", " "+name+" ")
			if isCovered == (rec.Code == 404) || rec.Code == 404 && !strings.Contains(rec.Body.String(), hidden) {
				t.Errorf("%s asks for %s: %s", caller, name, dump(rec))
			}
		}
	}
	if rec := get(h, "/v1/aliases"); rec.Code != 401 {
		t.Error(dump(rec))
	}
}

// TestProblemOfTheAliasFileShows: callers who see runs see why the last one could not use the
// file. Its faults can name any cluster.
func TestProblemOfTheAliasFileShows(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Aliases, w.AliasProblem = nil, `"aliases.json": Aliases[0].Lookup cannot be answered`
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)})
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	for caller, want := range map[string]bool{"all": true, "a": false} {
		status := get(h, "/v1/status", "Authorization", bearer(caller)).Body.String()
		metrics := get(h, "/metrics", "Authorization", bearer(caller)).Body.String()
		if strings.Contains(status, `"AliasProblem":"\"aliases.json\": Aliases[0].Lookup`) != want ||
			strings.Contains(metrics, `alias_file_problem{region="cn-hangzhou"} 1`) != want {
			t.Errorf("%s sees\n%s\n%s", caller, status, metrics)
		}
	}
	checkAnswer(t, get(h, "/v1/aliases/newest?format=ids", "Authorization", bearer("all")), 200, "m-cent710\n")
}

// TestAliasOfSeveralRegions: the region that has it is found, at the time that is asked for.
func TestAliasOfSeveralRegions(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.Aliases = alias.File{hangzhou: {{Name: "both", Lookup: "sort=ImageName"}, {Name: "one", Lookup: "sort=ImageName"}},
		beijing: {{Name: "both", Lookup: "sort=ImageName"}}}
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)})
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS710)})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing, "cn-empty"} })
	checkAnswer(t, get(h, "/v1/aliases/one?format=ids"), 200, "m-cent79\n")
	checkAnswer(t, get(h, "/v1/aliases/one?format=ids&at=1"), 200, "m-cent79\n")
	checkAnswer(t, get(h, "/v1/aliases/both"), 400, "MissingParameter: RegionId is required because several regions match")
	checkAnswer(t, get(h, "/v1/aliases/both?RegionId=cn-beijing&format=ids"), 200, "m-cent710\n")
	checkAnswer(t, get(h, "/v1/aliases/absent"), 404, `AliasNotFound: No alias "absent" is defined in cn-hangzhou, `+
		"cn-beijing, cn-empty. Aliases: both, one.")
	w.Now = w.Now.Add(time.Hour)
	w.Aliases[hangzhou] = append(w.Aliases[hangzhou], alias.Definition{Name: "late", Lookup: "sort=ImageName"})
	w.CommitRun(hangzhou, content{})
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	checkAnswer(t, get(h, "/v1/aliases/late?format=ids"), 200, "m-cent79\n")
	checkAnswer(t, get(h, "/v1/aliases/late?at=2026-11-23T09:30:00Z"), 404, `AliasNotFound: No alias "late" is defined `+
		"in cn-hangzhou, cn-beijing, cn-empty at that time. Aliases: both, one.")
	if got := get(h, "/v1/aliases?format=ndjson&at=2026-11-23T09:30:00Z").Body.String(); strings.Count(got, "\n") != 3 {
		t.Errorf("list is\n%s", got)
	}
	w.Bucket = buckettest.NewFaulty(w.Memory, func(op buckettest.Op) *buckettest.Fault {
		if strings.Contains(op.Key, beijing) {
			return &buckettest.Fault{Err: errDown}
		}
		return nil
	})
	h = w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	checkAnswer(t, get(h, "/v1/aliases/one"), 503, "StorageUnavailable") // the other region may have it too
	checkAnswer(t, get(h, "/v1/aliases/one?RegionId=cn-hangzhou&format=ids"), 200, "m-cent79\n")
}

// TestReadmeExamplesOfAliases asks the lookups of the README's section.
func TestReadmeExamplesOfAliases(t *testing.T) {
	t.Parallel()
	section := readmeSection(t, "## Aliases")
	w := newAliasRegion(t, "centos-newest", "OsTag.Platform=CentOS&sort=-OsTag.Version", nil, centOS79, centOS710)
	h := w.Handler()
	targets := regexp.MustCompile(`"(?:\$H|\$\{var\.lookups\})(/[^"]*)"`).FindAllStringSubmatch(section, -1)
	if len(targets) != 2 {
		t.Errorf("there are %d lookups", len(targets))
	}
	for _, found := range targets {
		if rec := get(h, found[1]); rec.Code != 200 || !strings.Contains(rec.Body.String(), "m-cent710") {
			t.Errorf("%s gives %s", found[1], dump(rec))
		}
	}
}

// TestAliasReadsWhatItNeeds: a caller who has the answer costs no read of images, and one
// without aliases in the path costs none at all.
func TestAliasReadsWhatItNeeds(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	tag := get(w.Handler(), "/v1/aliases/newest").Header().Get("ETag")
	reads := func(target string, header ...string) int {
		h := w.Handler()
		w.Memory.Requests()
		get(h, target, header...)
		return strings.Count(w.Memory.Requests(), "/clusters/")
	}
	if n := reads("/v1/aliases/newest", "If-None-Match", tag); n != 0 {
		t.Errorf("a 304 reads %d lists", n)
	}
	if n := reads("/v1/aliases/newest"); n != 1 {
		t.Errorf("an alias of one list reads %d lists", n)
	}
	if n := reads("/v1/aliases/NO%2F"); n != 0 {
		t.Errorf("a name that no alias can have reads %d lists", n)
	}
}
