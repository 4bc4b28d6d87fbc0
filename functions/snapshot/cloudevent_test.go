package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/notify"
)

// noon is when the timer of these tests has fired; their events happen five
// minutes later and arrive two seconds after that.
var noon = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const arrival = 5*time.Minute + 2*time.Second

// eventFixture is the handler over the real client and a clock; two clusters
// are captured as of nine o'clock.
type eventFixture struct {
	*captureFixture
	h   *handler
	now time.Time
}

func newEventFixture(t *testing.T, change func(*capture.Settings)) *eventFixture {
	w := &eventFixture{captureFixture: newCaptureFixture(t), now: noon}
	clock := func() time.Time { return w.now }
	settings := capture.Settings{Regions: []string{region}, Unscoped: true,
		InstanceTypes: capture.InstanceTypes{Auto: true}, Concurrency: 4, ShrinkGuard: 50}
	if change != nil {
		change(&settings)
	}
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	memory := buckettest.NewMemory(t)
	w.writer = archive.NewWriter(memory, keys, clock)
	w.h = &handler{settings: settings, now: clock, log: zap.NewNop(),
		notifier: notify.New(notify.Settings{}, memory, keys, nil, clock), // there is no notify.json
		capturer: capture.New(settings, w.client, capture.NewRateLimiter(1e6, time.Now), w.writer, clock)}
	w.data.ImageLists = map[ehpctest.Question]string{}
	for _, id := range []string{"", "ehpc-hz-1", "ehpc-hz-2", "ehpc-hz-3"} {
		w.data.ImageLists[ehpctest.Question{RegionID: region, ClusterID: id}] = fmt.Sprintf(`[{"ImageId":"m-of-%s"}]`,
			id)
	}
	w.setClusters("ehpc-hz-1", "ehpc-hz-2")
	w.sendEvent(timerEventAt(w.now))
	w.now = noon.Add(arrival)
	w.askedQuestions()
	return w
}

// timerEventAt is the timer's event at a time of these tests.
func timerEventAt(at time.Time) string {
	return fmt.Sprintf(`{"triggerTime":%q,"triggerName":"schedule","payload":""}`, at.Format(time.RFC3339))
}

// setClusters is what ListClusters says from now on.
func (w *eventFixture) setClusters(ids ...string) {
	w.data.ClusterLists[region] = nil
	for _, id := range ids {
		w.data.ClusterLists[region] = append(w.data.ClusterLists[region],
			json.RawMessage(fmt.Sprintf(`{"Id":%q,"RegionId":%q}`, id, region)))
	}
}

func (w *eventFixture) sendEvent(event string) *capture.Report {
	w.t.Helper()
	report, err := w.h.handle(w.t.Context(), []byte(event))
	if err != nil {
		w.t.Fatal(err)
	}
	return report.(runReport).Report
}

func (w *eventFixture) sendEventFile(name string) *capture.Report {
	w.t.Helper()
	return w.sendEvent(readEventFile(w.t, name))
}

func readEventFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/events/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// formatOutcomes are those of the events of a report, one a line.
func formatOutcomes(r *capture.Report) string {
	var lines []string
	for _, e := range r.Events {
		lines = append(lines, strings.TrimSpace(
			fmt.Sprintf("%s %s/%s %s", e.Outcome, e.RegionID, e.ClusterID, e.Reason)))
	}
	return strings.Join(lines, "\n")
}

// askedQuestions are the calls since the last time, in short.
func (w *eventFixture) askedQuestions() string {
	var calls []string
	for _, name := range w.ehpc.DrainCallNames() {
		name = strings.ReplaceAll(name, "ListClusters "+region+" 1", "clusters")
		calls = append(calls, strings.TrimSpace(strings.ReplaceAll(name, "ListCommunityImages "+region, "images")))
	}
	slices.Sort(calls)
	return strings.Join(calls, ", ")
}

func (w *eventFixture) describeScopes() string {
	w.t.Helper()
	r, err := w.writer.Now(w.t.Context(), region, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, s := range r.Scopes() {
		names = append(names, s.Scope(region).Path())
	}
	return strings.Join(names, " ")
}

// listAfterQuestions lets E-HPC answer a listing only after the questions about the
// known clusters among those that are expected. Whether a run asks about a cluster that
// is gone depends else on what is faster.
func (w *eventFixture) listAfterQuestions(expected string) {
	asked := map[string]chan struct{}{}
	for _, id := range []string{"ehpc-hz-1", "ehpc-hz-2"} {
		if strings.Contains(expected, "clusters") && strings.Contains(expected, "images "+id) {
			asked[id] = make(chan struct{})
		}
	}
	w.setFault(func(c ehpctest.Call) *ehpctest.Fault {
		if c.Action != "ListClusters" {
			if question := asked[c.ClusterID]; question != nil && c.Try == 1 {
				close(question)
			}
			return nil
		}
		for _, question := range asked {
			select {
			case <-question:
			case <-w.t.Context().Done():
			}
		}
		return nil
	})
}

// TestOneEventAndItsEffects sends one event to the handler and looks at what it
// asks E-HPC, what it says and what is captured then.
func TestOneEventAndItsEffects(t *testing.T) {
	t.Parallel()
	const both = "_any/_any ehpc-hz-1/_any ehpc-hz-2/_any"
	for name, tc := range map[string]struct {
		file, event string
		listed      []string // clusters, as of the event; nil: as before
		settings    func(*capture.Settings)
		outcome     string
		asked       string
		scopes      string
	}{
		"a cluster has started": {file: "cluster-started", outcome: "taken cn-hangzhou/ehpc-hz-1",
			asked: "clusters, images ehpc-hz-1", scopes: both},
		"a cluster that only the subject names": {file: "cluster-named-by-subject",
			outcome: "taken cn-hangzhou/ehpc-hz-1",
			asked:   "clusters, images ehpc-hz-1", scopes: both},
		"a cluster has been created": {file: "cluster-created", listed: []string{"ehpc-hz-1", "ehpc-hz-2", "ehpc-hz-3"},
			outcome: "taken cn-hangzhou/ehpc-hz-3",
			asked:   "clusters, images ehpc-hz-3", scopes: both + " ehpc-hz-3/_any"},
		"a cluster has been created and is not listed yet": {file: "cluster-created",
			outcome: "taken cn-hangzhou/ehpc-hz-3 the cluster is not listed; if it is new, another event or the " +
				"next run finds it", asked: "clusters", scopes: both},
		"a cluster has been deleted": {file: "cluster-deleted", listed: []string{"ehpc-hz-1"},
			outcome: "taken cn-hangzhou/ehpc-hz-2 the cluster is not listed any more; its scopes ended",
			asked:   "clusters, images ehpc-hz-2", scopes: "_any/_any ehpc-hz-1/_any"},
		"a cluster has been deleted, and with it most of the listing": {file: "cluster-deleted", listed: []string{},
			outcome: "taken cn-hangzhou/ehpc-hz-2",
			asked:   "clusters, images ehpc-hz-2", scopes: both},
		"no cluster is named, and there is a new one": {file: "no-cluster-named",
			listed:  []string{"ehpc-hz-1", "ehpc-hz-2", "ehpc-hz-3"},
			outcome: "taken cn-hangzhou/", asked: "clusters, images ehpc-hz-3", scopes: both + " ehpc-hz-3/_any"},
		"no cluster is named, and one has gone": {file: "no-cluster-named", listed: []string{"ehpc-hz-2"},
			outcome: "taken cn-hangzhou/", asked: "clusters", scopes: "_any/_any ehpc-hz-2/_any"},
		"no cluster is named, and none is ever listed": {file: "no-cluster-named", scopes: "_any/_any ehpc-hz-1/_any",
			settings: func(s *capture.Settings) { s.Clusters, s.InstanceTypes.Auto = []string{"ehpc-hz-1"}, false },
			outcome: "ignored cn-hangzhou/ it names no cluster, and clusters are not listed here (setting " +
				"SNAPSHOT_CLUSTERS)"},
		"a cluster of a fixed list": {file: "cluster-started", scopes: "_any/_any ehpc-hz-1/_any",
			settings: func(s *capture.Settings) { s.Clusters, s.InstanceTypes.Auto = []string{"ehpc-hz-1"}, false },
			outcome:  "taken cn-hangzhou/ehpc-hz-1", asked: "images ehpc-hz-1"},
		"a cluster that the settings leave out": {file: "cluster-deleted", scopes: "_any/_any ehpc-hz-1/_any",
			settings: func(s *capture.Settings) { s.Clusters = []string{"ehpc-hz-1"} },
			outcome:  `ignored cn-hangzhou/ehpc-hz-2 cluster "ehpc-hz-2" is not captured here (setting SNAPSHOT_CLUSTERS)`},
		"a region that is not captured": {file: "other-region", scopes: both,
			outcome: `ignored us-west-1/ehpc-us-1 region "us-west-1" is not captured here (setting EHPC_REGIONS: cn-hangzhou)`},
		"a node has been created": {file: "node-created", scopes: both,
			outcome: `ignored cn-hangzhou/ehpc-hz-1 events of type "ehpc:NodeOperation:NodeCreated" change no cluster`},
		"an id that is a path": {file: "hostile-cluster-id", scopes: both,
			outcome: `refused cn-hangzhou/../../log ` +
				`cluster "../../log" has a character that must not become part of an object key; ` +
				`allowed are 1 to 128 characters of A-Z a-z 0-9 . _ -`},
		"ActionTrail: a call names a cluster": {file: "trail-stop-cluster", outcome: "taken cn-hangzhou/ehpc-hz-1",
			asked: "clusters, images ehpc-hz-1", scopes: both},
		"ActionTrail: the answer names the new cluster": {file: "trail-create-cluster",
			listed:  []string{"ehpc-hz-1", "ehpc-hz-2", "ehpc-hz-3"},
			outcome: "taken cn-hangzhou/ehpc-hz-3", asked: "clusters, images ehpc-hz-3", scopes: both +
				" ehpc-hz-3/_any"},
		"ActionTrail: parameters as text": {file: "trail-delete-cluster", listed: []string{"ehpc-hz-1"},
			outcome: "taken cn-hangzhou/ehpc-hz-2 the cluster is not listed any more; its scopes ended",
			asked:   "clusters, images ehpc-hz-2", scopes: "_any/_any ehpc-hz-1/_any"},
		"ActionTrail: a record without an envelope": {file: "trail-without-envelope",
			outcome: "taken cn-hangzhou/ehpc-hz-1",
			asked:   "clusters, images ehpc-hz-1", scopes: both},
		"ActionTrail: a call that reads": {file: "trail-read-only",
			outcome: "ignored cn-hangzhou/ ListClusters only reads", scopes: both},
		"ActionTrail: a call that failed": {file: "trail-failed",
			outcome: "ignored cn-hangzhou/ehpc-hz-1 the call of DeleteCluster failed: NoPermission", scopes: both},
		"ActionTrail: a call of another service": {file: "trail-other-service",
			outcome: `ignored cn-hangzhou/ DeleteDisk is a call of the service "Ecs", not of Ehpc`, scopes: both},
		"ActionTrail: a call that submits a job": {file: "trail-job",
			outcome: "ignored cn-hangzhou/ehpc-hz-1 SubmitJob changes no cluster", scopes: both},
		"a direct invocation, now, of one cluster": {event: `{"clusters":["ehpc-hz-1"]}`,
			asked: "clusters, images ehpc-hz-1", scopes: both},
		"a direct invocation, now, of everything": {event: `{}`,
			asked: "clusters, images, images ehpc-hz-1, images ehpc-hz-2", scopes: both},
		"the timer": {event: timerEventAt(noon.Add(arrival)),
			asked: "clusters, images, images ehpc-hz-1, images ehpc-hz-2", scopes: both},
		"a batch of five, one of them no event": {file: "batch", listed: []string{"ehpc-hz-1"},
			asked: "clusters, images ehpc-hz-1, images ehpc-hz-2", scopes: "_any/_any ehpc-hz-1/_any",
			outcome: strings.Join([]string{
				"taken cn-hangzhou/ehpc-hz-1",
				"taken cn-hangzhou/ehpc-hz-2 the cluster is not listed any more; its scopes ended",
				`ignored cn-hangzhou/ehpc-hz-1 events of type "ehpc:NodeOperation:NodeCreated" change no cluster`,
				`ignored us-west-1/ehpc-us-1 region "us-west-1" is not captured here (setting EHPC_REGIONS: cn-hangzhou)`,
				"refused / element 5 of 5 in the batch of events: " + errNotCloudEvent.Error()}, "\n")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEventFixture(t, tc.settings)
			if tc.listed != nil {
				w.setClusters(tc.listed...)
			}
			w.listAfterQuestions(tc.asked)
			if tc.file != "" {
				tc.event = readEventFile(t, tc.file)
			}
			report := w.sendEvent(tc.event)
			if got := formatOutcomes(report); !strings.HasPrefix(got, tc.outcome) || tc.outcome == "" && got != "" {
				t.Errorf("outcome\n%s\nwant\n%s", got, tc.outcome)
			}
			if got := w.askedQuestions(); got != tc.asked {
				t.Errorf("asked %q, want %q", got, tc.asked)
			}
			if got := w.describeScopes(); got != tc.scopes {
				t.Errorf("captured are %q, want %q", got, tc.scopes)
			}
		})
	}
}

// TestEventsAndTheTimer lets events and the timer come in every order: what a
// later check knows is not asked again.
func TestEventsAndTheTimer(t *testing.T) {
	t.Parallel()
	const skipped = "skipped cn-hangzhou/ehpc-hz-1 a check that began later knows already"
	w := newEventFixture(t, nil)
	if got := formatOutcomes(w.sendEventFile("cluster-started")); got != "taken cn-hangzhou/ehpc-hz-1" {
		t.Errorf("an event: %s", got)
	}
	w.askedQuestions()
	commits := w.lastSequence()
	for range 3 {
		if got := formatOutcomes(w.sendEventFile("cluster-started")); got != skipped || w.askedQuestions() != "" {
			t.Errorf("the same event again: %s", got)
		}
	}
	w.now = w.now.Add(time.Minute)
	if got := formatOutcomes(w.sendEventFile("trail-stop-cluster")); got != skipped || w.askedQuestions() != "" {
		t.Errorf("an earlier event that comes late: %s", got)
	}
	if w.lastSequence() != commits {
		t.Error("events that were skipped committed something")
	}
	other := strings.ReplaceAll(readEventFile(t, "cluster-started"), "09:05", "09:20")
	w.now = noon.Add(20*time.Minute - time.Second)
	w.sendEvent(timerEventAt(w.now))
	w.askedQuestions()
	w.now = noon.Add(20*time.Minute + 2*time.Second)
	if got := formatOutcomes(w.sendEvent(other)); got != "taken cn-hangzhou/ehpc-hz-1" ||
		w.askedQuestions() != "clusters, images ehpc-hz-1" {
		t.Errorf("an event a second after the timer: %s", got)
	}
	w.now = noon.Add(21 * time.Minute)
	w.sendEvent(timerEventAt(w.now))
	w.askedQuestions()
	if got := formatOutcomes(w.sendEvent(strings.ReplaceAll(other, "09:20:00", "09:20:30"))); got != skipped ||
		w.askedQuestions() != "" {
		t.Errorf("an event that the timer has overtaken: %s", got)
	}
}

func (w *eventFixture) lastSequence() int64 {
	w.t.Helper()
	r, err := w.writer.Now(w.t.Context(), region, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Sequence
}

// TestBurstsConfirmNothing sends events that find a suspicious listing and a
// suspicious answer: only runs of the timer confirm what is held.
func TestBurstsConfirmNothing(t *testing.T) {
	t.Parallel()
	w := newEventFixture(t, nil)
	w.setClusters()
	w.data.ImageLists[ehpctest.Question{RegionID: region, ClusterID: "ehpc-hz-1"}] = `[]`
	for second := range 5 {
		w.now = noon.Add(arrival + time.Duration(second)*time.Second)
		w.sendEvent(strings.ReplaceAll(readEventFile(t, "cluster-started"), "09:05:00",
			fmt.Sprintf("09:05:0%d", second+1)))
	}
	if got := w.describeScopes(); got != "_any/_any ehpc-hz-1/_any ehpc-hz-2/_any" {
		t.Errorf("five events within five seconds leave %q", got)
	}
	for range 2 {
		w.now = w.now.Add(10 * time.Minute)
		w.sendEvent(timerEventAt(w.now))
	}
	if got := w.describeScopes(); got != "_any/_any" {
		t.Errorf("two more runs of the timer leave %q", got)
	}
}

// TestEventsWhileSomethingFails sends events while E-HPC or the store do not
// answer. Only a store that does not answer is a reason to send it again.
func TestEventsWhileSomethingFails(t *testing.T) {
	t.Parallel()
	w := newEventFixture(t, nil)
	w.setFault(func(c ehpctest.Call) *ehpctest.Fault {
		if c.Action == "ListClusters" {
			return &ehpctest.Fault{Status: 403, Code: "Forbidden.RAM", Message: "no"}
		}
		return nil
	})
	if got := formatOutcomes(w.sendEventFile("cluster-created")); !strings.HasPrefix(got,
		"taken cn-hangzhou/ehpc-hz-3 no") {
		t.Errorf("a listing that is refused: %s", got)
	}
	if got := w.describeScopes(); got != "_any/_any ehpc-hz-1/_any ehpc-hz-2/_any" {
		t.Errorf("captured are %q", got)
	}
	w.setFault(func(c ehpctest.Call) *ehpctest.Fault {
		if c.ClusterID == "ehpc-hz-1" {
			return &ehpctest.Fault{Status: 407, Code: "NotAuthorized", Message: "no"}
		}
		return nil
	})
	if r := w.sendEventFile("cluster-started"); r.Counts.Failed != 1 {
		t.Errorf("a cluster that is refused: %+v", r.Counts)
	}
	w.setFault(nil)
	w.askedQuestions()
	got, asked := formatOutcomes(w.sendEventFile("cluster-started")), w.askedQuestions()
	if got != "taken cn-hangzhou/ehpc-hz-1" ||
		asked != "clusters, images ehpc-hz-1" && asked != "images ehpc-hz-1" {
		t.Errorf("the same event after a failure: %s, asked %s", got, asked)
	}
	if r := w.sendEvent(timerEventAt(w.now)); r.Counts.Failed != 0 {
		t.Errorf("the next run: %+v", r.Counts)
	}
}

// TestInvalidEventsAreErrors sends texts that are no events. Each answer is an error that names what
// is wrong, and nothing is asked.
func TestInvalidEventsAreErrors(t *testing.T) {
	t.Parallel()
	w := newEventFixture(t, nil)
	for event, want := range map[string]string{
		`nonsense`:                               `reading the event: invalid character`,
		`"text"`:                                 `cannot unmarshal string`,
		`17`:                                     `cannot unmarshal number`,
		`{"hello":"world"}`:                      `unknown field "hello"; allowed are "regions"`,
		`{"specversion":"1.0","source":"acs.x"}`: `the event has no "type"`,
		`{"regions":["us-west-1"]}`:              `regions: "us-west-1" is not captured here`,
		`[]`:                                     `the batch of events is empty`,
		`[1, {"a":2}]`:                           `element 2 of 2 in the batch of events: it is no CloudEvents object`,
		`[{"specversion":"1.0"}`:                 `reading a batch of events: unexpected end`,
		`{"triggerName":"t","payload":"[broken"}`:  `reading the payload of the timer event`,
		`{"clusters":["ehpc-hz-1"],"shard":"9/4"}`: `shard: must be i/n with 1 <= i <= n <= 1000, got "9/4"`,
	} {
		report, err := w.h.handle(t.Context(), []byte(event))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want an error with %q", event, report, err, want)
		}
	}
	if got := w.askedQuestions(); got != "" {
		t.Errorf("garbage asks E-HPC %s", got)
	}
}
