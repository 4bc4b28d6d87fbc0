package notify_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
	"community-images/shared/notify"
	"community-images/shared/notify/message"
	"community-images/shared/notify/notifytest"
)

// largeCommit stores a region of 200 scopes with 100 images each, and commits a change of all of
// them: an image that is new, one that is gone, one with another field.
func largeCommit(t testing.TB) (f *archivetest.Fixture, commit func()) {
	f = archivetest.New(t)
	version := 0
	commit = func() {
		found := archivetest.Content{}
		var list []string
		for i := range 100 {
			switch i {
			case 0, 1: // one comes and one goes with each version
				list = append(list, fmt.Sprintf(`{"ImageId":"m-%d-v%d","ImageName":"linux"}`, i, version+i))
			case 2:
				list = append(list, fmt.Sprintf(`{"ImageId":"m-%d","ImageName":"linux","Size":%d}`, i, version))
			default:
				list = append(list,
					fmt.Sprintf(`{"ImageId":"m-%d","ImageName":"linux_CentOS7.%d","Description":"%0300d"}`, i, i, i))
			}
		}
		images := archivetest.ParseImages(t, list...)
		for c := range 100 {
			found[fmt.Sprintf("ehpc-%02d/_any", c)] = append([]*catalog.Image{}, images...)
			found[fmt.Sprintf("ehpc-%02d/ecs.c7.large", c)] = append([]*catalog.Image{}, images...)
		}
		version++
		f.Now = f.Now.Add(10 * time.Minute)
		f.CommitRun(archivetest.Hangzhou, found)
	}
	commit()
	return f, commit
}

// tenSubscriptions are subscriptions with filters of all kinds.
func tenSubscriptions() (entries []string) {
	for i := range 10 {
		filter := []string{"", `,"Filter":{"ClusterId":"ehpc-07"}`, `,"Filter":{"kind":["added","removed"]}`,
			`,"Filter":{"ImageName__glob":"linux*"}`, `,"Filter":{"changedField":"Size"}`}[i%5]
		entries = append(entries, slack(fmt.Sprint("s", i), filter))
	}
	return entries
}

// TestLargeCommitIsWrittenOnceForEachCursor: ten subscriptions and a commit that changes 200
// scopes cost a write for each cursor, and one for the status.
func TestLargeCommitIsWrittenOnceForEachCursor(t *testing.T) {
	t.Parallel()
	f, commit := largeCommit(t)
	sent := &recorder{messages: map[string][]message.Message{}}
	run := newRun(t, f, sent)
	run()
	commit()
	f.Memory.Requests()
	run()
	if puts := countLines(f.Memory.Requests(), "put "); puts != 11 {
		t.Errorf("%d writes", puts)
	}
	for i := range 10 {
		if got := sent.drain(fmt.Sprint("s", i)); len(got) != 1 {
			t.Errorf("s%d is told %s", i, jsonOf(got))
		}
	}
}

// newRun stores ten subscriptions and returns what a run does after its commits, with the state
// that the run has at hand.
func newRun(t testing.TB, f *archivetest.Fixture, sent notify.Sender) func() {
	t.Helper()
	if err := f.Memory.Put(t.Context(), f.Keys.Notify(), notifytest.File(tenSubscriptions()...)); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		state, err := archive.New(f.Memory, f.Keys).Now(t.Context(), archivetest.Hangzhou, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := notify.New(notify.Settings{}, f.Memory, f.Keys, sent, func() time.Time { return f.Now })
		if report := n.Run(t.Context(), []*archive.Region{state}, false); report.Problem != "" {
			t.Fatal(report.Problem)
		}
	}
}

// BenchmarkTenSubscriptions measures the CPU time of a run for messages: ten subscriptions and a
// commit that changes 200 scopes. It may be 50 ms.
func BenchmarkTenSubscriptions(b *testing.B) {
	f, commit := largeCommit(b)
	run := newRun(b, f, &recorder{messages: map[string][]message.Message{}})
	run()
	var used time.Duration
	for range b.N {
		commit()
		before := cpuTime(b)
		run()
		used += cpuTime(b) - before
	}
	b.ReportMetric(float64(used.Microseconds())/float64(b.N)/1000, "cpu-ms/run")
}

// cpuTime is the CPU time that this process has used.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// countLines counts the lines that begin with a text.
func countLines(text, prefix string) (count int) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			count++
		}
	}
	return count
}
