package notify_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/notify/message"
	"community-images/shared/notify/notifytest"
)

// flapModel is what a plain program remembers of an image that comes and goes.
type flapModel struct {
	first, last time.Time
	times       int
}

// TestMessagesOfADrift runs after each of 200 commits, which come 10 minutes after each other.
// Each message says what a program says that has seen all states, and images that flap are
// told when they begin, and when they are calm.
func TestMessagesOfADrift(t *testing.T) {
	t.Parallel()
	filters := map[string]notifytest.Filter{
		"all": notifytest.ParseFilter(t, `{}`), "a": notifytest.ParseFilter(t, `{"ClusterId":"ehpc-a"}`),
	}
	for i, filter := range notifytest.Conditions(t) {
		if i%5 == 0 { // package changes tests all of them
			filters[fmt.Sprint("condition-", i)] = filter
		}
	}
	var entries []string
	models := map[string]map[string]*flapModel{}
	for name, filter := range filters {
		entries = append(entries, slack(name, `,"Filter":`+filter.Text))
		models[name] = map[string]*flapModel{}
	}
	f := newFixture(t, entries...)
	f.mustRun()
	count, flapped := 0, 0
	for len(f.States) <= 200 {
		commits := len(f.States)
		f.Next()
		f.mustRun()
		for name, filter := range filters {
			var want, got []messageContent
			if len(f.States) > commits {
				want = f.expectMessage(models[name], filter, commits)
			}
			for _, m := range f.sent.drain(name) {
				if m.Type != message.Calm {
					got = append(got, newMessageContent(&m.Regions[0]))
					flapped += len(m.Regions[0].Flapping)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s at commit %d (-plain +messages):\n%s", name, commits, diff)
			}
			count += len(got)
		}
	}
	if count < 150 || flapped < 5 {
		t.Errorf("%d messages told, %d images flapped", count, flapped)
	}
}

// messageContent is what a message says of one commit: ids, and whether something ended.
type messageContent struct {
	Added, Removed, Changed, Flapping, BootImages []string
	Ended                                         bool
}

// newMessageContent reads a message.
func newMessageContent(r *message.Region) (m messageContent) {
	for _, im := range r.Added {
		m.Added = append(m.Added, im.ImageID)
	}
	for _, im := range r.Removed {
		m.Removed = append(m.Removed, im.ImageID)
	}
	for _, im := range r.Changed {
		m.Changed = append(m.Changed, im.ImageID)
	}
	for _, im := range r.Flapping {
		m.Flapping = append(m.Flapping, im.ImageID)
	}
	slices.Sort(m.Flapping)
	for _, b := range r.BootImages {
		m.BootImages = append(m.BootImages, b.ClusterID+" "+b.ImageID)
	}
	m.Ended = len(r.Ended) > 0
	return m
}

// expectMessage returns the message of a commit, or none if nothing is to be told.
func (f *fixture) expectMessage(model map[string]*flapModel, filter notifytest.Filter, n int) []messageContent {
	added, removed, ended, boot := f.Expect(filter, n, n)
	m := messageContent{Changed: f.ExpectChanged(filter, n), BootImages: boot, Ended: len(ended) > 0}
	note := func(id string, list *[]string) {
		im := model[id]
		isCalm := im != nil && im.times >= 4 && f.Now.Sub(im.last) >= 6*time.Hour+10*time.Minute // a run has seen it
		if im == nil || isCalm || im.times < 4 && f.Now.Sub(im.first) > 24*time.Hour {
			im = &flapModel{first: f.Now}
			model[id] = im
		}
		im.times, im.last = im.times+1, f.Now
		switch {
		case im.times < 4:
			*list = append(*list, id)
		case im.times == 4:
			m.Flapping = append(m.Flapping, id)
		}
	}
	for _, id := range added {
		note(id, &m.Added)
	}
	for _, id := range removed {
		note(id, &m.Removed)
	}
	slices.Sort(m.Flapping)
	if len(m.Added)+len(m.Removed)+len(m.Changed)+len(m.Flapping)+len(m.BootImages) == 0 && !m.Ended {
		return nil
	}
	return []messageContent{m}
}
