package notify_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/notify/message"
	"community-images/shared/notify/notifytest"
	"community-images/shared/notify/receiver"
	"community-images/shared/notify/subscription"
)

// types renders the types and the last commits of messages.
func types(list []message.Message) (all []string) {
	for _, m := range list {
		all = append(all, string(m.Type)+" "+m.Regions[0].RegionID)
	}
	return all
}

// TestASubscriptionTellsNothingOfThePast: the first run stores where a subscription begins. So
// does the first run that knows a region.
func TestASubscriptionTellsNothingOfThePast(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 5 {
		f.Next()
	}
	f.subscribe(slack("all", ""))
	f.mustRun()
	if got := f.sent.drain("all"); got != nil {
		t.Errorf("the first run tells %s", jsonOf(got))
	}
	f.Add("m-new")
	f.mustRun()
	if got := f.sent.drain("all"); len(got) != 1 || int(got[0].Regions[0].To) != len(f.States)-1 {
		t.Errorf("the next commit is told as %s", jsonOf(got))
	}
}

// TestARemovedSubscriptionBeginsAnew: what a removed subscription left goes, so that one of the
// same name is told nothing of the time between.
func TestARemovedSubscriptionBeginsAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t, slack("one", ""), slack("two", ""))
	f.mustRun()
	f.subscribe(slack("two", ""))
	f.Add("m-new-1")
	f.mustRun()
	f.subscribe(slack("one", ""), slack("two", ""))
	f.Add("m-new-2")
	f.mustRun()
	if got := f.sent.drain("one"); got != nil {
		t.Errorf("one is told %s", jsonOf(got))
	}
	if got := f.sent.drain("two"); len(got) != 2 {
		t.Errorf("two is told %s", jsonOf(got))
	}
	f.Memory.Spoil(f.Keys.NotifyStatus(), []byte("damaged"))
	f.subscribe(slack("two", ""))
	f.mustRun()
	if key, _ := f.Keys.NotifyCursor("one"); f.Memory.Objects()[key] != nil {
		t.Error("without a status a cursor is left")
	}
	f.Memory.Spoil(f.Keys.Notify(), nil)
	f.run()
	f.tidy = true
	if report := f.run(); report != nil {
		t.Errorf("without the file the report is %+v", report)
	}
	for key := range f.Memory.Objects() {
		if strings.Contains(key, "notify") {
			t.Errorf("%s is left", key)
		}
	}
}

// TestRequestsOfARun pins what a run asks of the bucket for messages: one read without
// notify.json; with subscriptions one read for each cursor, and a write for each that moves.
func TestRequestsOfARun(t *testing.T) {
	t.Parallel()
	f := newFixture(t, slack("one", ""), slack("two", ""))
	numbers := regexp.MustCompile(`: (\d+ bytes|missing|not modified)|community-images/| from \d+`)
	requests := func() string { return numbers.ReplaceAllString(f.Memory.Requests(), "") }
	f.mustRun()
	requests()
	for _, row := range []struct {
		name   string
		change func()
		want   []string
	}{
		{"nothing has changed", func() {}, []string{
			"get notify.json", "get notify/status.json", "get notify/cursors/one.json", "get notify/cursors/two.json",
		}},
		{"a commit", func() { f.Add("m-new") }, []string{
			"get notify.json", "get notify/status.json", "get notify/cursors/one.json", "get notify/cursors/two.json",
			// the index of the month, and its log: the end, the last commit, the state before it
			"get v1/cn-hangzhou/history/2026-11.ndjson", "get v1/cn-hangzhou/log/2026-11.ndjson",
			"get v1/cn-hangzhou/log/2026-11.ndjson", "get v1/cn-hangzhou/log/2026-11.ndjson",
			"get v1/cn-hangzhou/index.ndjson",
			"put notify/cursors/one.json", "put notify/cursors/two.json", "put notify/status.json",
		}},
		{"there is no notify.json", func() { f.Memory.Spoil(f.Keys.Notify(), nil) }, []string{"get notify.json"}},
	} {
		row.change()
		f.Memory.Requests()
		state, err := archive.New(f.Memory, f.Keys).Now(t.Context(), archivetest.Hangzhou, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.Memory.Requests()
		f.notifier().Run(t.Context(), []*archive.Region{state}, false)
		got := strings.Split(requests(), "\n")
		count := func(list []string) map[string]int {
			counts := map[string]int{}
			for _, line := range list {
				counts[line]++
			}
			return counts
		}
		if diff := cmp.Diff(count(row.want), count(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestDamagedFileChangesNothing: the report and the status name every fault; cursors stay, and
// the corrected file goes on where the last good one was.
func TestDamagedFileChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, slack("all", ""))
	f.mustRun()
	f.Add("m-new")
	f.subscribe(`{"Name":"all","Kind":"pigeon","Url":"https://example.com/keyOfSlack"}`, `{"Name":"b"}`)
	report := f.run()
	for _, part := range []string{`Subscriptions[0].Kind: "pigeon" is not known; allowed: webhook, dingtalk`,
		"Subscriptions[1].Kind: is missing", "Subscriptions[1].Url: is missing"} {
		if !strings.Contains(report.Problem, part) || !strings.Contains(f.status().Problem, part) {
			t.Errorf("%q is not in the report\n%s\nand the status\n%s", part, report.Problem, f.status().Problem)
		}
	}
	if len(f.status().Subscriptions) != 1 {
		t.Errorf("the status is %s", jsonOf(f.status()))
	}
	f.subscribe(slack("all", ""))
	f.mustRun()
	if got := f.sent.drain("all"); len(got) != 1 || f.status().Problem != "" {
		t.Errorf("told after the correction: %s, status %s", jsonOf(got), jsonOf(f.status()))
	}
}

// TestAFailingReceiver: it is tried again after growing pauses, at once when notify.json has
// changed, and after a day with one summary. Nobody else waits.
func TestAFailingReceiver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, slack("down", ""), slack("up", ""))
	f.mustRun()
	isDown, tries := true, []int{}
	begin := f.Now
	f.sent.answer = func(s *subscription.Subscription, m *message.Message) error {
		if s.Name != "down" {
			return nil
		}
		tries = append(tries, int(f.Now.Sub(begin).Minutes()))
		if isDown {
			return &receiver.Error{Reason: "answered 503"}
		}
		return nil
	}
	for f.Now.Sub(begin) < 8*time.Hour {
		f.Next()
		f.run()
	}
	if diff := cmp.Diff([]int{10, 20, 30, 40, 50, 70, 110, 180, 300, 420}, tries); diff != "" {
		t.Errorf("tries, in minutes (-want +got):\n%s", diff)
	}
	if got := f.sent.drain("up"); len(got) < 25 {
		t.Errorf("the other one is told %d times", len(got))
	}
	down := f.status().Subscriptions[0]
	if down.Problem != "answered 503" || down.FailingSince == nil || down.Pending < 40 || down.RetryAt == nil {
		t.Errorf("the status is %s", jsonOf(down))
	}
	f.subscribe(slack("up", ""), slack("down", ""))
	before := len(tries)
	f.run()
	if len(tries) != before+1 {
		t.Errorf("a changed file has led to %d tries", len(tries)-before)
	}
	for f.Now.Sub(begin) < 26*time.Hour {
		f.Next()
		f.run()
	}
	isDown = false
	f.Now = f.Now.Add(2 * time.Hour)
	f.run()
	f.Add("m-new")
	f.mustRun()
	got := f.sent.drain("down")
	if diff := cmp.Diff([]string{"summary cn-hangzhou", "changes cn-hangzhou"}, types(got)); diff != "" {
		t.Fatalf("told when it is up again (-want +got):\n%s", diff)
	}
	everything := notifytest.ParseFilter(t, `{}`)
	was := f.States[1].Offered(everything)
	is := f.States[got[0].Regions[0].To].Offered(everything)
	added, removed := map[string]bool{}, map[string]bool{}
	for _, im := range got[0].Regions[0].Removed {
		removed[im.ImageID] = true
	}
	for _, im := range got[0].Regions[0].Added {
		added[im.ImageID] = true
	}
	for id := range was {
		if _, isThere := is[id]; removed[id] == isThere || added[id] {
			t.Errorf("%s was there and is there %v: removed %v, added %v", id, isThere, removed[id], added[id])
		}
	}
}

// TestOutageOfARegion: one message when E-HPC has failed for an hour, one when it is well again.
func TestOutageOfARegion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, slack("hour", ""), slack("day", `,"FailingAfter":"24h"`),
		slack("images", `,"Filter":{"kind":"added"}`))
	f.mustRun()
	fails := archivetest.Content{"_any/_any": nil, "ehpc-a/_any": nil, "ehpc-a/ecs.c": nil, "ehpc-b/_any": nil}
	begin := f.Now
	for range 4 * 6 {
		f.Now = f.Now.Add(10 * time.Minute)
		f.CommitRun(archivetest.Hangzhou, fails)
		f.mustRun()
		after := f.Now.Sub(begin)
		got := f.sent.drain("hour")
		if len(got) > 0 && (after != 70*time.Minute || got[0].Type != message.RegionFailing) {
			t.Errorf("after %s: %s", after, jsonOf(got))
		}
	}
	f.Next()
	f.mustRun()
	want := []string{"changes cn-hangzhou", "region-well cn-hangzhou"}
	if diff := cmp.Diff(want, types(f.sent.drain("hour"))); diff != "" {
		t.Errorf("at the end (-want +got):\n%s", diff)
	}
	for _, m := range append(f.sent.drain("day"), f.sent.drain("images")...) {
		if m.Type != message.Changes {
			t.Errorf("told: %s", jsonOf(m))
		}
	}
}

// TestMessagesOfARunAreBounded: a receiver that is far behind gets ten messages a run.
func TestMessagesOfARunAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, slack("all", ""))
	f.mustRun()
	for i := range 25 {
		f.Add(fmt.Sprint("m-new-", i))
	}
	var counts []int
	for range 3 {
		f.run()
		counts = append(counts, len(f.sent.drain("all")))
	}
	if counts[0] != 10 || counts[1] != 10 || counts[2] != 5 {
		t.Errorf("messages of three runs: %v", counts)
	}
}

// TestARestoredLogBeginsAnew: a cursor whose commit the log does not hold begins at the present
// one and says so.
func TestARestoredLogBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, lost := range []int{1, 4} { // the numbers are used again, or not yet
		f := newFixture(t, slack("all", ""))
		f.mustRun()
		backup := f.Memory.Objects()
		for i := range 3 {
			f.Add(fmt.Sprint("m-lost-", i))
			f.mustRun()
		}
		later := f.Memory.Objects()
		for key, data := range later {
			if strings.Contains(key, "/notify") {
				backup[key] = data
			}
		}
		f.Memory.Restore(backup)
		f.sent.drain("all")
		for range 4 - lost {
			f.Add(fmt.Sprint("m-other-", lost))
			f.Next()
		}
		report := f.run()
		if !strings.Contains(report.Subscriptions[0].Problem, "does not hold commit 4") {
			t.Errorf("report is %s", jsonOf(report))
		}
		f.Add("m-new")
		f.mustRun()
		if got := f.sent.drain("all"); len(got) != 1 {
			t.Errorf("told: %s", jsonOf(got))
		}
	}
}

// TestADamagedCursorBeginsAnew: it is replaced, and the report says so.
func TestADamagedCursorBeginsAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t, slack("all", ""))
	f.mustRun()
	key, _ := f.Keys.NotifyCursor("all")
	for i, damage := range []string{"", "{", `{"Format":9,"Name":"all"}`, `{"Format":1,"Name":"other"}`,
		`{"Format":1,"Name":"all","Regions":{"cn-hangzhou":{"Sequence":-1}}}`} {
		f.Memory.Spoil(key, []byte(damage))
		if report := f.run(); !strings.Contains(report.Subscriptions[0].Problem, "it begins anew") {
			t.Errorf("%s: report is %s", damage, jsonOf(report))
		}
		f.Add(fmt.Sprint("m-new-", i))
		f.mustRun()
		if got := f.sent.drain("all"); len(got) != 1 {
			t.Errorf("%s: told %s", damage, jsonOf(got))
		}
	}
}
