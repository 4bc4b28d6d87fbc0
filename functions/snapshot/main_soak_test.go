package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

// readers look on all the time, each through one of the query function's slots.
const readers = 16

// maxRoutines is what a function at rest has of its own and towards FC; there
// are two more for each connection.
const maxRoutines = 60

// randomFaults decides at random which calls go wrong, and counts.
type randomFaults struct {
	mu     sync.Mutex
	random *rand.Rand
	share  float64
	faults int
}

// pickFault returns one of n ways to fail, -1 for none.
func (d *randomFaults) pickFault(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.random.Float64() >= d.share {
		return -1
	}
	d.faults++
	return d.random.IntN(n)
}

func (d *randomFaults) setFaultRate(share float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.share = share
}

var (
	ossFaults = []osstest.Fault{
		{Status: 503, Code: "ServiceUnavailable"}, {Status: 500, Code: "InternalError", Applied: true}, {Reset: true},
		{Reset: true, Applied: true},
		{Half: true}, {FlipBit: true}, {WrongCRC: true}, {Delay: 20 * time.Millisecond},
		{Status: 502, Body: "<html>Bad Gateway</html>"},
	}
	ehpcFaults = []ehpctest.Fault{
		{Status: 400, Code: "Throttling.User"}, {Status: 503, Code: "ServiceUnavailable"}, {Reset: true},
		{Answer: true, CutAfter: 20},
		{Body: []byte(`{"RequestId":"r","Images":{}}`)}, {Delay: 20 * time.Millisecond},
		{Status: 502, Body: []byte("<html>Bad Gateway</html>"), ContentType: "text/html"},
		{Status: 407, Code: "NotAuthorized"},
	}
)

// countingHandler is a way to a handler that knows how many connections are open.
type countingHandler struct {
	open atomic.Int64
	url  string
}

func newCountingHandler(t *testing.T, next http.Handler) *countingHandler {
	c := &countingHandler{}
	server := httptest.NewUnstartedServer(next)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			c.open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// TestSoakOfBothFunctions ticks the real snapshot function over and over while
// a tenth of all calls go wrong, of both functions, to OSS and to E-HPC, and
// readers look on. Nobody is shown what was never offered, or led back. In the
// end the store says what one run without faults says, and neither function
// has grown.
func TestSoakOfBothFunctions(t *testing.T) {
	t.Parallel()
	ticks, scopes := 15, 6
	if *faultsLong {
		ticks, scopes = 500, 20
	}
	w, fleet := newFixture(t), newFleetState(scopes, 17)
	fleet.cycle = 8 // else caches grow up to their limits
	w.ehpc.SetData(fleet.upstreamData())
	snapshotWay, queryWay, ehpcWay := newCountingHandler(t, w.oss), newCountingHandler(t, w.oss), newCountingHandler(t,
		w.ehpc)
	s := w.startFunction("snapshot", "OSS_ENDPOINT="+snapshotWay.url, "EHPC_ENDPOINT="+ehpcWay.url)
	q, err := fctest.Start(t.Context(), fctest.Binary(t, "community-images/functions/query"), fctest.Options{
		Env: append(w.functionEnv(), "OSS_ENDPOINT="+queryWay.url, "QUERY_HEAD_TTL=50ms"), Timeout: 30 * time.Second,
		Concurrency: readers,
		Credentials: cloud.Credentials{AccessKeyID: w.oss.Key.ID, AccessKeySecret: w.oss.Key.Secret,
			SecurityToken: w.oss.Key.Token}, Output: w.addLog,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Stop)
	w.runSnapshot(s)

	d := &randomFaults{random: rand.New(rand.NewPCG(17, 17)), share: 0.1}
	w.oss.SetFault(func(osstest.Request) *osstest.Fault {
		if n := d.pickFault(len(ossFaults)); n >= 0 {
			return &ossFaults[n]
		}
		return nil
	})
	w.fault.Store(func(ehpctest.Call) *ehpctest.Fault {
		if n := d.pickFault(len(ehpcFaults)); n >= 0 {
			return &ehpcFaults[n]
		}
		return nil
	})
	offered := &offeredVersions{seen: map[string]bool{"m-stays": true}}
	offered.addFleet(fleet)
	stop := w.watchDuringSoak(q, offered)
	failed := 0
	var early resourceUse
	for n := range ticks {
		fleet.changeSomeLists()
		offered.addFleet(fleet)
		w.ehpc.SetData(fleet.upstreamData())
		response, err := s.Invoke(t.Context(), []byte(timerEventNow()))
		if err != nil {
			t.Fatal(err)
		}
		if response.Error != nil {
			if failed++; !strings.Contains(response.Error.Message, "nothing could be committed") {
				t.Errorf("tick %d: %v", n, response.Error)
			}
		}
		if n == ticks/2 { // caches have what comes again
			early = resourceUse{processStatus(t, s, "VmRSS:"), processStatus(t, q, "VmRSS:"), snapshotWay.open.Load(),
				queryWay.open.Load(), ehpcWay.open.Load()}
		}
	}
	d.setFaultRate(0)
	looks, refused := stop()
	w.runSnapshot(s)
	late := resourceUse{processStatus(t, s, "VmRSS:"), processStatus(t, q, "VmRSS:"), snapshotWay.open.Load(),
		queryWay.open.Load(), ehpcWay.open.Load()}
	early.checkGrowth(t, late)

	audit := w.auditArchive()
	if len(audit.Findings) > 0 {
		t.Errorf("verify: %v", audit.Findings)
	}
	want, got := w.captureWithoutFaults(fleet), w.readScopes(q)
	for began := time.Now(); got != want && time.Since(began) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		got = w.readScopes(q) // a refresh that failed just now is tried again after a second
	}
	if got != want {
		t.Errorf("the store ends with\n%s\na run without faults gives\n%s", got, want)
	}
	routines := []int{w.countGoroutines(s), w.countGoroutines(q)}
	if int64(routines[0]) > maxRoutines+2*(late.toOSS+late.toUpstream) || int64(routines[1]) > maxRoutines+
		2*late.queryToOSS {
		t.Errorf("%d goroutines are left in the snapshot function, %d in the query function", routines[0], routines[1])
	}
	if d.faults < ticks || looks < int64(ticks) || failed > ticks/2 {
		t.Errorf("only %d faults and %d lookups; %d ticks committed nothing", d.faults, looks, failed)
	}
	t.Logf("%d ticks, %d faults, %d ticks without a commit, %d commits; %d lookups, %d of them 503; goroutines %v; "+
		"from %+v to %+v", ticks, d.faults, failed, audit.Commits, looks, refused, routines, early, late)
}

// resourceUse is what may not grow.
type resourceUse struct {
	snapshotRSS, queryRSS         int // kB
	toOSS, queryToOSS, toUpstream int64
}

// checkGrowth allows a tenth more memory over a long run; a short one has not
// warmed up. Connections stay within what one run uses at once.
func (g resourceUse) checkGrowth(t *testing.T, late resourceUse) {
	t.Helper()
	if *faultsLong && (late.snapshotRSS > g.snapshotRSS*11/10 || late.queryRSS > g.queryRSS*11/10) {
		t.Errorf("memory has grown from %+v to %+v", g, late)
	}
	if late.toOSS > 64 || late.toUpstream > 32 || late.queryToOSS > 64 {
		t.Errorf("connections have grown from %+v to %+v", g, late)
	}
}

// processStatus is a size in kB out of /proc/<pid>/status; 0 on systems without.
func processStatus(t *testing.T, f *fctest.Function, name string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	process, _ := f.Process()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(data, []byte(name))
	n, _ := strconv.Atoi(strings.Fields(string(rest))[0])
	return n
}

// countGoroutines ends a function with the signal that makes it print them.
func (w *fixture) countGoroutines(f *fctest.Function) int {
	w.t.Helper()
	from := len(w.logLines())
	process, _ := f.Process()
	if err := process.Signal(syscall.SIGQUIT); err != nil {
		w.t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if _, ended := f.Process(); ended != nil {
			break
		}
	}
	n := 0
	for _, line := range w.logLines()[from:] {
		if goroutine.MatchString(line) {
			n++
		}
	}
	if n == 0 {
		w.t.Error("the function told nothing of its goroutines")
	}
	return n
}

var goroutine = regexp.MustCompile(`^goroutine [0-9]+ (gp=\S+ )?(m=\S+ )?(mp=\S+ )?\[`)

// offeredVersions is every image that E-HPC has ever listed.
type offeredVersions struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (o *offeredVersions) addFleet(f *fleetState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range f.scopes {
		o.seen[f.versionMark(i)] = true
	}
}

// unexpectedIDs returns an image that was never offered.
func (o *offeredVersions) unexpectedIDs(ids string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range strings.Lines(ids) {
		if id = strings.TrimSpace(id); !o.seen[id] {
			return id
		}
	}
	return ""
}

// watchDuringSoak lets readers look until stop is called, which returns how many
// lookups there were and how many the store was too ill for.
func (w *fixture) watchDuringSoak(q *fctest.Function, offered *offeredVersions) (stop func() (looks, refused int64)) {
	var looks, refused atomic.Int64
	ended := make(chan struct{})
	var group sync.WaitGroup
	for r := range readers {
		group.Go(func() {
			for n, last := r, 0; ; n++ {
				select {
				case <-ended:
					return
				case <-time.After(5 * time.Millisecond):
				}
				target := views[1+n%(len(views)-1)]
				status, body, sequence := w.lookUpSequence(q, target)
				looks.Add(1)
				if status == 503 {
					refused.Add(1)
					continue
				}
				if strange := offered.unexpectedIDs(body); status != 200 || strange != "" {
					w.t.Errorf("%s is answered %d %.300s, %q was never offered", target, status, body, strange)
				}
				if sequence < last {
					w.t.Errorf("%s shows commit %d after commit %d", target, sequence, last)
				}
				last = sequence
			}
		})
	}
	return func() (int64, int64) {
		close(ended)
		group.Wait()
		return looks.Load(), refused.Load()
	}
}

// readScopes is the published table without times: what every view shows.
func (w *fixture) readScopes(q *fctest.Function) string {
	var all []string
	for v := range views {
		text, _ := w.readView(q, v, "")
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

// captureWithoutFaults is what one run makes of the fleet in a world of its own.
func (w *fixture) captureWithoutFaults(f *fleetState) string {
	other := newFixture(w.t)
	other.ehpc.SetData(f.upstreamData())
	other.runSnapshot(other.startFunction("snapshot"))
	if audit := other.auditArchive(); len(audit.Findings)+len(audit.Orphans) > 0 {
		w.t.Errorf("without faults: %+v", audit)
	}
	got := other.readScopes(other.startFunction("query"))
	if want := strings.Join(f.expectedViews(w.t), "\n"); got != want {
		w.t.Errorf("without faults the store says\n%s\nwant\n%s", got, want)
	}
	return got
}
