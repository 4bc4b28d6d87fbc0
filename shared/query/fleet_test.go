package query_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query"
)

// newFleet returns a region whose clusters boot from images in every state:
//
//   - ehpc-a from m-cent79, which is offered, beside the newer m-cent710;
//   - ehpc-b from m-cent79, which its last list lost in commit 3, at 11:00;
//   - ehpc-c from m-system, which nobody ever listed;
//   - ehpc-d from m-cent710, which only other clusters are offered;
//   - ehpc-e from m-cent79, and it has never answered;
//   - ehpc-f from an image that its listing does not name.
func newFleet(t testing.TB) *fixture {
	w := newFixture(t)
	boots := func(cluster, image string) string {
		return fmt.Sprintf(`{"Id":%q,"Name":"name of %s","ImageId":%q}`, cluster, cluster, image)
	}
	listing := []string{boots("ehpc-a", "m-cent79"), boots("ehpc-b", "m-cent79"), boots("ehpc-c", "m-system"),
		boots("ehpc-d", "m-cent710"), boots("ehpc-e", "m-cent79"), boots("ehpc-f", "")}
	both := parseImages(t, centOS79, centOS710)
	old := parseImages(t, centOS79, windows)
	found := content{"ehpc-a/_any": both, "ehpc-b/_any": old, "ehpc-b/ecs.c7.large": old, "ehpc-c/_any": old,
		"ehpc-d/_any": old, "ehpc-e/_any": nil, "ehpc-f/_any": old}
	for _, change := range []content{
		{},
		{"ehpc-b/_any": parseImages(t, windows)},
		{"ehpc-b/ecs.c7.large": parseImages(t, centOS710, windows)},
		{"ehpc-a/_any": parseImages(t, centOS79, centOS710, windows)},
	} {
		for path, images := range change {
			found[path] = images
		}
		w.CommitRunListing(hangzhou, found, listing...)
		w.Now = w.Now.Add(time.Hour)
	}
	return w
}

// clusterAnswer is what these tests read of a cluster in /v1/clusters.
type clusterAnswer struct {
	ClusterID, ImageID, ImageState, GoneSince, HistorySince string
	ImageName, ImageStatus, ImagePlatform, ImageVersion     string
	ImageArchitecture, ImageProblem                         string
	Newest                                                  struct{ ImageID, ImageName, Version string }
}

// askClusters returns the clusters of an answer by id.
func askClusters(t *testing.T, body []byte) map[string]clusterAnswer {
	t.Helper()
	var answer struct{ Clusters []clusterAnswer }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	byID := map[string]clusterAnswer{}
	for _, c := range answer.Clusters {
		byID[c.ClusterID] = c
	}
	return byID
}

func TestClustersTellWhatTheyBootFrom(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler()
	clusters := askClusters(t, get(h, "/v1/clusters").Body.Bytes())
	for id, want := range map[string]string{
		"ehpc-a": "offered ",
		"ehpc-b": "gone 2026-11-23T11:00:00.000Z",
		"ehpc-c": "not-community ",
		"ehpc-d": "not-community ",
		"ehpc-e": "unknown ",
		"ehpc-f": "unknown ",
	} {
		if c := clusters[id]; c.ImageState+" "+c.GoneSince != want {
			t.Errorf("%s is %q since %q, want %q", id, c.ImageState, c.GoneSince, want)
		}
	}
	// The image of ehpc-a has a successor. The last content of the one that is gone is
	// known too.
	for _, id := range []string{"ehpc-a", "ehpc-b"} {
		c := clusters[id]
		got := strings.Join([]string{c.ImageName, c.ImageStatus, c.ImagePlatform, c.ImageVersion, c.ImageArchitecture,
			c.Newest.ImageID, c.Newest.ImageName, c.Newest.Version}, " ")
		if want := "hpc-centos-7.9 Available CentOS 7.9 x86_64 m-cent710 hpc-centos-7.10 7.10"; got != want {
			t.Errorf("%s has %q, want %q", id, got, want)
		}
	}
	if c := clusters["ehpc-c"]; c.ImageName != "" || c.Newest.ImageID != "" {
		t.Errorf("nothing is known of an image that was never listed, and there is %+v", c)
	}
}

// The newest image is one that can boot. If others are as new, it is the cluster's own.
func TestNewestImageOfACluster(t *testing.T) {
	t.Parallel()
	const system = `{"ImageId":%q,"Status":%q,"OsTag":{"Platform":%q,"Version":%q,"Architecture":%q}}`
	w := newFixture(t)
	w.CommitRunListing(hangzhou, content{"ehpc-a/_any": parseImages(t,
		fmt.Sprintf(system, "m-a", "Available", "CentOS", "7.9", "x86_64"),
		fmt.Sprintf(system, "m-boot", "Available", "CentOS", "7.9", "x86_64"),
		fmt.Sprintf(system, "m-creating", "Creating", "CentOS", "8.0", "x86_64"),
		fmt.Sprintf(system, "m-arm", "Available", "CentOS", "8.1", "arm64"),
		fmt.Sprintf(system, "m-ubuntu", "Available", "Ubuntu", "22.04", "x86_64"),
	)}, `{"Id":"ehpc-a","ImageId":"m-boot"}`)
	if c := askClusters(t, get(w.Handler(), "/v1/clusters").Body.Bytes())["ehpc-a"]; c.Newest.ImageID != "m-boot" {
		t.Errorf("the newest is %q", c.Newest.ImageID)
	}
}

func TestClustersByImageState(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler()
	for query, want := range map[string]string{
		"ImageState=gone":                           "ehpc-b",
		"imagestate=GONE,Offered":                   "ehpc-a ehpc-b",
		"ImageState=not-community":                  "ehpc-c ehpc-d",
		"ImageState=unknown":                        "ehpc-e ehpc-f",
		"ImageState=gone&ClusterId=ehpc-a":          "",
		"ImageState=gone&InstanceType=ecs.c7.large": "ehpc-b",
	} {
		rec := get(h, "/v1/clusters?"+query)
		var ids []string
		for id := range askClusters(t, rec.Body.Bytes()) {
			ids = append(ids, id)
		}
		if slices.Sort(ids); strings.Join(ids, " ") != want {
			t.Errorf("%s: %v, want %q", query, ids, want)
		}
	}
	checkError(t, get(h, "/v1/clusters?ImageState=lost"), 400, "InvalidParameter",
		[]string{`ImageState must be offered, gone, not-community or unknown, got "lost"`})
}

// With ImageState, or with by=cluster, a row is a cluster. Otherwise it is a scope.
func TestRowsOfClusters(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler()
	rec := get(h, "/v1/clusters?ImageState=gone&format=csv")
	const want = "RegionId,ClusterId,Name,ImageId,ImageName,ImageState,GoneSince,ImageStatus,ImageVersion,NewestImageId," +
		"NewestVersion\r\ncn-hangzhou,ehpc-b,name of ehpc-b,m-cent79,hpc-centos-7.9,gone,2026-11-23T11:00:00.000Z," +
		"Available,7.9,m-cent710,7.10\r\n"
	if got := rec.Body.String(); got != want || rec.Header().Get("X-Total-Count") != "1" {
		t.Errorf("csv is %q, want %q; %v", got, want, rec.Header())
	}
	for query, rows := range map[string]int{
		"format=ndjson": 7, "format=ndjson&by=cluster": 6, "format=ndjson&ImageState=gone": 1,
		"format=ndjson&ImageState=gone&by=scope": 2,
	} {
		if got := strings.Count(get(h, "/v1/clusters?"+query).Body.String(), "\n"); got != rows {
			t.Errorf("%s: %d rows, want %d", query, got, rows)
		}
	}
	if table := get(h, "/v1/clusters?by=cluster&format=table").Body.String(); !strings.Contains(table,
		"ehpc-f     name of ehpc-f  -") {
		t.Errorf("an empty cell does not show in\n%s", table)
	}
}

// A past state has the images that its clusters had then.
func TestBootImagesOfThePast(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler()
	for at, want := range map[string]string{"1": "offered ", "2": "offered ", "3": "gone 2026-11-23T11:00:00.000Z",
		"2026-11-23T10:30:00Z": "offered "} {
		c := askClusters(t, get(h, "/v1/clusters?at="+at).Body.Bytes())["ehpc-b"]
		if c.ImageState+" "+c.GoneSince != want {
			t.Errorf("at %s it is %q since %q", at, c.ImageState, c.GoneSince)
		}
	}
}

// If the log cannot be read, it is not known whether an image that is not offered ever
// was. The answer says so, and a filter fails.
func TestBootImagesWithoutTheLog(t *testing.T) {
	t.Parallel()
	w := newFleet(t)
	h := w.Handler()
	get(h, "/v1/images?ClusterId=ehpc-a") // the head is in memory now
	for key := range w.Memory.Objects() {
		if strings.Contains(key, "/log/") {
			w.Memory.Spoil(key, []byte("{}\n"))
		}
	}
	rec := get(h, "/v1/clusters")
	clusters := askClusters(t, rec.Body.Bytes())
	if rec.Code != 200 || rec.Header().Get("ETag") != "" || clusters["ehpc-a"].ImageState != "offered" {
		t.Errorf("%d %v %+v", rec.Code, rec.Header(), clusters["ehpc-a"])
	}
	for _, id := range []string{"ehpc-b", "ehpc-c"} {
		if c := clusters[id]; c.ImageState != "unknown" || !strings.Contains(c.ImageProblem, "log") {
			t.Errorf("%s: %+v", id, c)
		}
	}
	checkError(t, get(h, "/v1/clusters?ImageState=gone"), 503, "DataDamaged", nil)
}

// If a list is damaged, the images of other clusters are known.
func TestBootImagesWithADamagedList(t *testing.T) {
	t.Parallel()
	w := newFleet(t)
	for key := range w.Memory.Objects() {
		if strings.Contains(key, "/ehpc-a/_any/") {
			w.Memory.Spoil(key, []byte("{}\n"))
		}
		if strings.HasSuffix(key, "index.ndjson") {
			w.Memory.Spoil(key, []byte("{}\n"))
		}
	}
	clusters := askClusters(t, get(w.Handler(), "/v1/clusters").Body.Bytes())
	if a, b := clusters["ehpc-a"], clusters["ehpc-b"]; a.ImageState != "unknown" || a.ImageProblem == "" ||
		b.ImageState != "gone" {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// A caller of one cluster sees the loss in the cluster's own lists.
func TestBootImagesOfALimitedCaller(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler(allow(access.Grant{Name: "b", Clusters: []string{"ehpc-b"}},
		access.Grant{Name: "d", Clusters: []string{"ehpc-d"}}))
	b := askClusters(t, get(h, "/v1/clusters", "Authorization", bearer("b")).Body.Bytes())
	if len(b) != 1 || b["ehpc-b"].GoneSince != "2026-11-23T11:00:00.000Z" {
		t.Errorf("%+v", b)
	}
	d := askClusters(t, get(h, "/v1/clusters", "Authorization", bearer("d")).Body.Bytes())
	if len(d) != 1 || d["ehpc-d"].ImageState != "not-community" {
		t.Errorf("%+v", d)
	}
}

// A redacted member of images is not shown of a boot image.
func TestRedactedBootImages(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler(func(o *query.Options) { o.Redact = []string{"ImageName", "OsTag"} })
	for id, c := range askClusters(t, get(h, "/v1/clusters").Body.Bytes()) {
		if c.ImageName+c.ImagePlatform+c.ImageVersion+c.Newest.ImageID != "" {
			t.Errorf("%s: %+v", id, c)
		}
	}
}

// Metrics and the status count the clusters of every state, if they are asked to.
func TestBootImagesAreCounted(t *testing.T) {
	t.Parallel()
	w := newFleet(t)
	h := w.Handler()
	text := get(h, "/metrics?bootImages=true").Body.String()
	for state, n := range map[string]int{"offered": 1, "gone": 1, "not-community": 2, "unknown": 2} {
		line := fmt.Sprintf("community_images_boot_images{region=\"cn-hangzhou\",state=%q} %d\n", state, n)
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	if status := get(h, "/v1/status?bootImages=true").Body.String(); !strings.Contains(status, `"GoneBootImageCount":1`) {
		t.Error(status)
	}
	// A second scrape reads nothing but the head.
	w.Memory.Requests()
	w.Now = w.Now.Add(time.Minute)
	get(h, "/metrics?bootImages=true")
	if asked := w.Memory.Requests(); strings.Count(asked, "\n") > 2 {
		t.Errorf("a scrape without a commit reads\n%s", asked)
	}
}

// After a commit, an instance that knows the fleet before it says the same as a new one.
func TestBootImagesAfterEachCommit(t *testing.T) {
	t.Parallel()
	w := newFleet(t)
	h := w.Handler()
	get(h, "/v1/clusters")
	listing := func(images ...string) (list []string) {
		for i, image := range images {
			list = append(list, fmt.Sprintf(`{"Id":"ehpc-%c","ImageId":%q}`, 'a'+i, image))
		}
		return list
	}
	for i, step := range []struct {
		listing []string
		found   content
		want    string
	}{
		{listing("m-cent79", "m-cent79", "m-system"), content{"ehpc-c/_any": parseImages(t, centOS710)},
			"offered gone not-community"},
		{listing("m-cent79", "m-cent79", "m-system"), content{"ehpc-a/_any": parseImages(t, centOS710)},
			"gone gone not-community"},
		{listing("m-cent79", "m-win", "m-win"), content{"ehpc-b/_any": parseImages(t, centOS710)}, "gone offered gone"},
		{listing("m-cent79", "m-cent79", "m-win"), content{"ehpc-a/_any": parseImages(t, centOS79)}, "offered gone gone"},
	} {
		w.CommitRunListing(hangzhou, step.found, step.listing...)
		w.Now = w.Now.Add(time.Hour)
		known := askClusters(t, get(h, "/v1/clusters").Body.Bytes())
		fresh := askClusters(t, get(w.Handler(), "/v1/clusters").Body.Bytes())
		var states []string
		for _, id := range []string{"ehpc-a", "ehpc-b", "ehpc-c"} {
			if states = append(states, known[id].ImageState); known[id] != fresh[id] {
				t.Errorf("step %d: %+v, and a new instance says %+v", i, known[id], fresh[id])
			}
		}
		if got := strings.Join(states, " "); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
}

// If retention has removed commits, the answer says since when it knows what was listed.
// The index remembers images of the region, but not of which cluster.
func TestBootImagesBeforeTheKeptHistory(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	listing := []string{`{"Id":"ehpc-a","ImageId":"m-win"}`, `{"Id":"ehpc-b","ImageId":"m-system"}`}
	both := parseImages(t, centOS79, windows)
	w.CommitRunListing(hangzhou, content{"ehpc-a/_any": both, "ehpc-b/_any": both}, listing...)
	w.Now = w.Now.Add(time.Hour)
	one := parseImages(t, centOS79)
	w.CommitRunListing(hangzhou, content{"ehpc-a/_any": one, "ehpc-b/_any": one}, listing...)
	w.Now = w.Now.AddDate(0, 1, 0)
	w.CommitRunListing(hangzhou, content{"ehpc-a/_any": parseImages(t, centOS710)}, listing...)
	since := w.Now.Format("2006-01-02T15:04:05.000Z")
	w.RemoveMonth(hangzhou, "2026-11")
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	for _, row := range []struct{ caller, cluster, state string }{
		{"all", "ehpc-a", "unknown"}, {"all", "ehpc-b", "not-community"}, {"a", "ehpc-a", "not-community"},
	} {
		c := askClusters(t, get(h, "/v1/clusters", "Authorization", bearer(row.caller)).Body.Bytes())[row.cluster]
		if c.ImageState != row.state || c.HistorySince != since || c.ImageProblem != "" {
			t.Errorf("%v: %+v, want the history since %s", row, c, since)
		}
	}
}
