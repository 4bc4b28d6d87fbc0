package ehpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
)

// entries are n clusters c0, c1, …
func entries(n int) []json.RawMessage {
	var list []json.RawMessage
	for i := range n {
		list = append(list, json.RawMessage(fmt.Sprintf(`{"Id":"c%d","InstanceType":"ecs.a"}`, i)))
	}
	return list
}

func listing(list []json.RawMessage) *ehpctest.Fixed {
	return &ehpctest.Fixed{RegionList: hangzhou, ClusterLists: map[string][]json.RawMessage{"cn-hangzhou": list}}
}

func hasProblems(clusters []ehpc.Cluster) bool {
	return slices.ContainsFunc(clusters, func(c ehpc.Cluster) bool { return c.Problem != "" })
}

func TestListClustersReadsEveryPage(t *testing.T) {
	t.Parallel()
	for n, calls := range map[int]int{0: 1, 1: 1, 49: 1, 50: 1, 51: 2, 100: 2, 217: 5} {
		endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: listing(entries(n))})
		got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
		if err != nil || len(got) != n || hasProblems(got) {
			t.Errorf("%d clusters: got %d: %v, %v", n, len(got), got, err)
			continue
		}
		for i, c := range got {
			if c.ClusterID != fmt.Sprint("c", i) {
				t.Errorf("%d clusters: number %d is %s", n, i, c.ClusterID)
			}
		}
		if endpoint.Calls() != calls {
			t.Errorf("%d clusters took %d calls, want %d", n, endpoint.Calls(), calls)
		}
	}
}

func TestListClustersReportsWhatItCannotUse(t *testing.T) {
	t.Parallel()
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: listing([]json.RawMessage{
		[]byte(`{"Name":"Ä", "Id":"c1","InstanceType":"ecs.a,ecs/../b","RegionId":"cn-shanghai","Computes":{"Total":3,` +
			`"Normal":1}}`),
		[]byte(`{"Id":"../c2"}`),
		[]byte(`null`),
		[]byte(`{"Id":"c2","Id":"c3"}`),
		[]byte("{\"Id\":\"c4\",\"Name\":\"\xe4\"}"),
		[]byte(`{"Id":"c5","OsTag":{"OsTag":"\ud800"}}`),
		[]byte(`{"Id":"c1","RegionId":"cn-shanghai","Name":"twice"}`),
		[]byte(`{"Id":"c1","ImageId":"m-1","ImageOwnerAlias":"self","RegionId":"cn-hangzhou"}`),
	})})
	got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []ehpc.Cluster{
		{
			Cluster: catalog.Cluster{ClusterID: "c1", InstanceTypes: []string{"ecs.a"}, Name: "Ä",
				RegionID: "cn-shanghai"},
			Raw: []byte(`{"Computes":{"Normal":1,"Total":3},"Id":"c1","InstanceType":"ecs.a,ecs/../b",` +
				`"Name":"Ä","RegionId":"cn-shanghai"}`),
			Problem: `cluster "c1": instance type "ecs/../b" cannot be asked for`,
		},
		{Problem: `entry 2 of page 1: ClusterId "../c2"`},
		{Problem: "entry 3 of page 1: cluster is not an object"},
		{Problem: `entry 4 of page 1: member "Id" is there twice`},
		{Problem: "entry 5 of page 1: not UTF-8"},
		{Problem: "entry 6 of page 1: a string has half of a surrogate pair"},
		{
			Cluster: catalog.Cluster{ClusterID: "c1", ImageID: "m-1", ImageOwnerAlias: "self", InstanceTypes: []string{},
				RegionID: "cn-hangzhou"},
			Raw: []byte(`{"Id":"c1","ImageId":"m-1","ImageOwnerAlias":"self","RegionId":"cn-hangzhou"}`),
		},
	}
	for i := range got { // the end of a problem is the parser's affair
		if i < len(want) && want[i].Problem != "" && strings.HasPrefix(got[i].Problem, want[i].Problem) {
			got[i].Problem = want[i].Problem
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// pages answers ListClusters with made-up pages: body(k, n) is the answer to
// the k-th call, which asks for page n.
func pages(body func(k int, page string) string) *ehpctest.Endpoint {
	return ehpctest.New(ehpctest.Options{Keys: keys, Data: listing(nil), Fault: func(c ehpctest.Call) *ehpctest.Fault {
		return &ehpctest.Fault{Body: []byte(body(c.Number, c.Page))}
	}})
}

// clusterPage is a page with the clusters from..to-1.
func clusterPage(number string, total, from, to int) string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprintf(`{"Id":"c%d"}`, i))
	}
	return fmt.Sprintf(
		`{"RequestId":"r","PageNumber":%s,"PageSize":50,"TotalCount":%d,"Clusters":{"ClusterInfoSimple":[%s]}}`, number,
		total, strings.Join(list, ","))
}

func TestListingThatDisagreesWithItself(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body  func(k int, page string) string
		calls int // at most
		want  string
	}{
		"a page repeats": {func(_ int, p string) string {
			return clusterPage(p, 150, 0, 50)
		}, 12, "repeats"},
		"always the first page": {func(_ int, _ string) string {
			return clusterPage("1", 150, 0, 50)
		}, 12, "says it is page 1"},
		"an empty page": {func(_ int, p string) string {
			return clusterPage(p, 10, 0, 0)
		}, 4, "is empty after 0 of 10"},
		"an empty page in the middle": {func(k int, p string) string {
			return clusterPage(p, 60, 0, 50*(k%2))
		}, 8, "is empty after 50 of 60"},
		"more than promised": {func(_ int, p string) string {
			return clusterPage(p, 5, 0, 6)
		}, 4, "makes 6 clusters of a TotalCount of 5"},
		"a NextToken on the last page": {func(_ int, p string) string {
			return strings.Replace(clusterPage(p, 5, 0, 5), `{`, `{"NextToken":"x",`, 1)
		}, 4, "is the last of a TotalCount of 5 and has a NextToken"},
		"TotalCount moves": {func(k int, p string) string {
			return clusterPage(p, 60+k, 30*(k-1), 30*k)
		}, 8, "has TotalCount"},
		"more pages than are read": {func(_ int, p string) string {
			return clusterPage(p, 1_000_000, 0, 50)
		}, 4, "more than are read"},
		"TotalCount is missing": {func(int, string) string {
			return `{"Clusters":{"ClusterInfoSimple":[]}}`
		}, 1, "TotalCount"},
		"TotalCount is negative": {func(_ int, p string) string { return clusterPage(p, -1, 0, 0) }, 1, "TotalCount"},
		"no list":                {func(int, string) string { return `{"TotalCount":0}` }, 1, "no Clusters"},
		"no list in the list": {func(int, string) string {
			return `{"TotalCount":0,"Clusters":{}}`
		}, 1, "no ClusterInfoSimple"},
		"a list that is null": {func(int, string) string {
			return `{"TotalCount":0,"Clusters":{"ClusterInfoSimple":null}}`
		}, 1, "not an array"},
		"an error in a 200": {func(int, string) string {
			return `{"Code":"x","TotalCount":0,"Clusters":{"ClusterInfoSimple":[]}}`
		}, 1, "error code"},
	} {
		endpoint := pages(tc.body)
		got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
		if err == nil {
			t.Errorf("%s: %d clusters and no error", name, len(got))
			continue
		}
		if e := fault(t, err); e.Class != ehpc.Malformed || !strings.Contains(err.Error(), tc.want) || len(got) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		if endpoint.Calls() > tc.calls { // pages are read ahead, so it may take fewer
			t.Errorf("%s: %d calls, want at most %d", name, endpoint.Calls(), tc.calls)
		}
	}
}

func TestFleetThatChangesBetweenPagesIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{
		"a cluster was created":            clusterPage("2", 61, 49, 60),
		"a cluster was released":           clusterPage("2", 59, 51, 60),
		"one was created and one released": clusterPage("2", 60, 49, 59),
	} {
		endpoint := pages(func(k int, page string) string {
			switch {
			case page == "1":
				return clusterPage("1", 60, 0, 50)
			case k == 2:
				return first
			}
			return clusterPage("2", 60, 50, 60)
		})
		got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
		if err != nil || len(got) != 60 || endpoint.Calls() != 4 {
			t.Errorf("%s: %d clusters, %v, %d calls", name, len(got), err, endpoint.Calls())
		}
	}
}

// A busy fleet may change during three readings in a row.
func TestFleetThatChangesIsReadFourTimes(t *testing.T) {
	t.Parallel()
	for moves, readable := range map[int64]bool{3: true, 4: false} {
		var reading atomic.Int64
		endpoint := pages(func(_ int, page string) string {
			if page == "1" {
				reading.Add(1)
				return clusterPage("1", 60, 0, 50)
			}
			if reading.Load() <= moves {
				return clusterPage("2", 61, 50, 60)
			}
			return clusterPage("2", 60, 50, 60)
		})
		got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
		if (err == nil) != readable || readable && len(got) != 60 || endpoint.Calls() != 8 {
			t.Errorf("%d changes: %d clusters, %v, %d calls", moves, len(got), err, endpoint.Calls())
		}
	}
}

// What upstream lists twice in two readings is really there twice.
func TestClusterOnTwoPagesCollapses(t *testing.T) {
	t.Parallel()
	list := append(entries(59), json.RawMessage(`{"Id":"c0"}`))
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: listing(list)})
	got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
	if err != nil || len(got) != 59 {
		t.Errorf("%d clusters, %v", len(got), err)
	}
}

// TestClusterThatMovesInEveryReading: where a cluster is created and another
// released between two pages, one is listed twice and one is missing. Only what
// two readings in a row list twice is there twice.
func TestClusterThatMovesInEveryReading(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		second   []string // page 2 of each reading; the last of all that follow
		clusters int      // 0: an error
		calls    int
	}{
		"one is created, then one is created and one released": {
			[]string{clusterPage("2", 61, 49, 60), clusterPage("2", 60, 49, 59), clusterPage("2", 60, 50, 60)}, 60, 6},
		"one is created and one released, twice": {
			[]string{clusterPage("2", 60, 49, 59), clusterPage("2", 60, 48, 58), clusterPage("2", 60, 50, 60)}, 60, 6},
		"the fleet never rests": {[]string{clusterPage("2", 60, 49, 59), clusterPage("2", 60, 48, 58),
			clusterPage("2", 60, 47, 57), clusterPage("2", 60, 46, 56)}, 0, 8},
	} {
		var reading atomic.Int64
		endpoint := pages(func(_ int, page string) string {
			if page == "1" {
				reading.Add(1)
				return clusterPage("1", 60, 0, 50)
			}
			return tc.second[min(int(reading.Load()), len(tc.second))-1]
		})
		got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
		if (err == nil) != (tc.clusters > 0) || len(got) != tc.clusters || endpoint.Calls() != tc.calls {
			t.Errorf("%s: %d clusters, %v, %d calls", name, len(got), err, endpoint.Calls())
		}
		if err != nil && (fault(t, err).Class != ehpc.Malformed ||
			!strings.Contains(err.Error(), "4 clusters are on two pages")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPagesOfAnotherSizeAndNumbersAsText(t *testing.T) {
	t.Parallel()
	endpoint := pages(func(_ int, page string) string {
		from := map[string]int{"1": 0, "2": 10, "3": 20}[page]
		body := clusterPage(`"`+page+`"`, 25, from, min(25, from+10))
		return strings.Replace(body, `"TotalCount":25`, `"TotalCount":"25"`, 1)
	})
	got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
	if err != nil || len(got) != 25 || endpoint.Calls() != 3 {
		t.Errorf("%d clusters, %v, %d calls", len(got), err, endpoint.Calls())
	}
}

// A page that fails fails the listing: a short list would end scopes.
func TestFailedPageFailsTheListing(t *testing.T) {
	t.Parallel()
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: listing(entries(120)),
		Fault: func(c ehpctest.Call) *ehpctest.Fault {
			if c.Page == "3" {
				return &ehpctest.Fault{Status: 429, Code: "Throttling.Api"}
			}
			return nil
		}})
	got, err := connect(t, endpoint, ehpc.Options{}).ListClusters(context.Background(), "cn-hangzhou", nil)
	if e := fault(t, err); e.Class != ehpc.Throttled || len(got) != 0 || endpoint.Calls() != 3 {
		t.Errorf("%d clusters, %v, %d calls", len(got), err, endpoint.Calls())
	}
}

// Each page is a call of the caller's: it waits its turn, and is repeated alone.
func TestPagesAreAskedAsTheCallerWants(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]int{}
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: listing(entries(500)), Latency: time.Millisecond,
		Fault: func(c ehpctest.Call) *ehpctest.Fault {
			mu.Lock()
			defer mu.Unlock()
			if asked[c.Page]++; asked[c.Page] < 3 {
				return &ehpctest.Fault{Status: 429, Code: "Throttling.Api"}
			}
			return nil
		}})
	var turns atomic.Int64
	patientClient := func(ctx context.Context, ask func(context.Context) error) error {
		for {
			turns.Add(1)
			if err := ask(ctx); err == nil || fault(t, err).Class != ehpc.Throttled {
				return err
			}
		}
	}
	got, err := connect(t, endpoint, ehpc.Options{MaxIdle: 3}).ListClusters(context.Background(), "cn-hangzhou",
		patientClient)
	if err != nil || len(got) != 500 || endpoint.Calls() != 30 || turns.Load() != 30 || endpoint.MostInFlight() > 3 {
		t.Errorf("%d clusters, %v, %d calls in %d turns, %d at once", len(got), err, endpoint.Calls(), turns.Load(),
			endpoint.MostInFlight())
	}
	for page, n := range asked {
		if n != 3 {
			t.Errorf("page %s was asked %d times, want 3", page, n)
		}
	}
	refused := errors.New("no time is left")
	for _, last := range []int64{1, 3} {
		turns.Store(0)
		got, err := connect(t, endpoint, ehpc.Options{MaxIdle: 1}).ListClusters(context.Background(), "cn-hangzhou",
			func(ctx context.Context, ask func(context.Context) error) error {
				if turns.Add(1) == last {
					return refused
				}
				return ask(ctx)
			})
		if err != refused || len(got) > 0 {
			t.Errorf("turn %d is refused: %d clusters, %v", last, len(got), err)
		}
	}
}

// Nothing is under way any more when a listing has failed.
func TestFailedListingLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	var running atomic.Int64
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: listing(entries(900)),
		Fault: func(c ehpctest.Call) *ehpctest.Fault {
			switch c.Page {
			case "1":
				return nil
			case "2":
				return &ehpctest.Fault{Status: 503, Code: "ServiceUnavailable"}
			}
			return &ehpctest.Fault{Delay: time.Minute}
		}})
	c := connect(t, endpoint, ehpc.Options{Credentials: func(context.Context) (cloud.Credentials, error) {
		running.Add(1)
		return cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"}, nil
	}})
	began := time.Now()
	_, err := c.ListClusters(context.Background(), "cn-hangzhou", nil)
	if e := fault(t, err); e.Class != ehpc.Temporary {
		t.Errorf("%+v", e)
	}
	after := running.Load()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = c.ListClusters(ctx, "cn-hangzhou", nil); fault(t, err).Class != ehpc.Canceled {
		t.Error(err)
	}
	if n := running.Load(); n != after+1 || time.Since(began) > 10*time.Second {
		t.Errorf("%d calls began after the listing had failed, in %v", n-after-1, time.Since(began))
	}
}
