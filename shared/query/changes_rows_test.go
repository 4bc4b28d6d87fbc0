package query_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query/querytest"
)

// newRegionWithEndedCluster returns a region whose cluster ehpc-short was there for an
// hour. It had three images: one that ehpc-a offers too, one that ehpc-a lost in the same
// commit, and one that nobody else had.
func newRegionWithEndedCluster(t *testing.T) *querytest.Fixture {
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, centOS79, windows)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-short/_any": parseImages(t, sampleImage, windows, ubuntuCreating),
		"ehpc-short/ecs.c7.large": parseImages(t, sampleImage)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, centOS79)},
		"ehpc-short/_any", "ehpc-short/ecs.c7.large")
	return w
}

// TestClusterThatEndsIsOneRow: what it had is listed only if nobody offers it any more.
func TestClusterThatEndsIsOneRow(t *testing.T) {
	t.Parallel()
	h := newRegionWithEndedCluster(t).Handler()
	const ended = `{"Sequence":3,"CommittedAt":"2026-11-23T11:00:00.000Z","Kind":"ended","RegionId":"cn-hangzhou",` +
		`"ClusterId":"ehpc-short","ClusterName":"name of ehpc-short","InstanceTypes":["ecs.c7.large"],"ImageCount":3}|`
	const ubuntu = `{"Sequence":3,"CommittedAt":"2026-11-23T11:00:00.000Z","Kind":"removed","ImageId":"m-ubuntu",` +
		`"ImageName":"深度学习 ubuntu","RegionId":"cn-hangzhou","Offered":false,` +
		`"Lost":{"Clusters":["ehpc-short"],"InstanceTypes":[]}}|`
	const win = `{"Sequence":3,"CommittedAt":"2026-11-23T11:00:00.000Z","Kind":"removed","ImageId":"m-win",` +
		`"ImageName":"win, server","RegionId":"cn-hangzhou","Offered":false,` +
		`"Lost":{"Clusters":["ehpc-a","ehpc-short"],"InstanceTypes":[]}}|`
	const byScope = "Sequence,CommittedAt,Kind,ImageId,ImageName,ClusterId,InstanceType,Details|"
	for target, want := range map[string]string{
		"/v1/changes?since=2&format=ndjson":                  ended + ubuntu + win,
		"/v1/changes?since=2&format=ndjson&kind=removed":     ubuntu + win,
		"/v1/changes?since=2&format=ndjson&kind=ended":       ended,
		"/v1/changes?since=2&format=ndjson&kind=added":       "",
		"/v1/changes?since=2&format=ndjson&ImageId=m-ubuntu": ubuntu,
		"/v1/changes?since=2&format=csv&kind=ended": "" +
			"Sequence,CommittedAt,Kind,ImageId,ImageName,Offered,LostBy,GainedBy,ChangedIn,InstanceTypes,Details|" +
			"3,2026-11-23T11:00:00.000Z,ended,,,,ehpc-short,,,ecs.c7.large,\"name of ehpc-short, 3 images\"|",
		"/v1/changes?since=2&format=table&ImageId=m-win": "" +
			"Sequence  CommittedAt               Kind     ImageId  ImageName    Offered  LostBy             GainedBy  " +
			"ChangedIn  InstanceTypes  Details|" +
			"3         2026-11-23T11:00:00.000Z  removed  m-win    win, server  false    ehpc-a;ehpc-short|",
		"/v1/changes?since=2&format=csv&by=scope&kind=ended": byScope +
			"3,2026-11-23T11:00:00.000Z,ended,,,ehpc-short,,\"name of ehpc-short, 3 images\"|" +
			"3,2026-11-23T11:00:00.000Z,ended,,,ehpc-short,ecs.c7.large,\"name of ehpc-short, 1 image\"|",
		"/v1/changes?since=2&at=3&format=csv&by=scope&ImageId=m-ubuntu": byScope +
			"3,2026-11-23T11:00:00.000Z,removed,m-ubuntu,深度学习 ubuntu,ehpc-short,,|",
	} {
		rec := get(h, target)
		got := strings.NewReplacer("\r\n", "|", "\n", "|").Replace(rec.Body.String())
		if rec.Code != 200 || got != want {
			t.Errorf("%s is %d\n%s, want\n%s", target, rec.Code, got, want)
		}
	}
	// One by one with by=scope.
	page := answerOf[feedAnswer](t, h, 200, "/v1/changes?since=2&by=scope")
	if len(page.Changes) != 2+5 {
		t.Errorf("%d events of scopes: %+v", len(page.Changes), page.Changes)
	}
}

// TestOfferedIsOfTheSelection: the images of one cluster, or of a caller who sees one,
// are not offered because another cluster has them.
func TestOfferedIsOfTheSelection(t *testing.T) {
	t.Parallel()
	h := newRegionWithEndedCluster(t).Handler(allow(access.Grant{Name: "all"},
		access.Grant{Name: "short", Clusters: []string{"ehpc-short"}}))
	for caller, target := range map[string]string{"all": "/v1/changes?since=2&ClusterId=ehpc-short",
		"short": "/v1/changes?since=2"} {
		page := answerOf[rowsAnswer](t, withToken{h, caller}, 200, target)
		var got []string
		for _, r := range page.Changes {
			got = append(got, r.String())
		}
		want := []string{
			"3 ended ehpc-short [ecs.c7.large] 3",
			"3 removed m-bp181x855551ww5yq**** false lost by [ehpc-short ecs.c7.large] gained by [] changed in []",
			"3 removed m-ubuntu false lost by [ehpc-short] gained by [] changed in []",
			"3 removed m-win false lost by [ehpc-short] gained by [] changed in []",
		}
		if diff := diffWords(want, got); diff != "" {
			t.Errorf("%s for %s (-want +got):\n%s", target, caller, diff)
		}
	}
}
