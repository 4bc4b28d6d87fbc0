package main

import (
	"strings"
	"testing"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/ehpc/ehpctest"
)

// An operator accepts a held answer by an event. By then E-HPC gives an empty list, and
// another answer is held, so the digest decides.
func TestAcceptEventPublishesWhatIsStored(t *testing.T) {
	t.Parallel()
	w := newEventFixture(t, nil)
	question := ehpctest.Question{RegionID: region, ClusterID: "ehpc-hz-1"}
	w.data.ImageLists[question] = `[{"ImageId":"m-1"}]` // another image instead of the one before
	w.sendEvent(`{"clusters":["ehpc-hz-1"]}`)
	state := func() format.ScopeState {
		r, err := w.writer.Now(t.Context(), region, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := r.Scope(catalog.Scope{RegionID: region, ClusterID: "ehpc-hz-1"})
		return s
	}
	held := state()
	if held.State != format.StateHeld || held.Candidate == nil {
		t.Fatalf("the answer is not held: %+v", held)
	}
	w.data.ImageLists[question] = `[]`
	w.askedQuestions()

	scope := region + "/ehpc-hz-1/_any"
	wrong := strings.Repeat("0", 64)
	_, err := w.h.handle(t.Context(), []byte(`{"accept":["`+scope+"@"+wrong+`"]}`))
	if err == nil || !strings.Contains(err.Error(), "it has digest "+held.Candidate.Digest) {
		t.Errorf("another digest: %v", err)
	}
	if now := state(); now.Digest != held.Digest || now.Candidate == nil {
		t.Errorf("after a refusal: %+v", now)
	}
	report := w.sendEvent(`{"accept":["` + scope + "@" + held.Candidate.Digest + `"]}`)
	if now := state(); now.State != format.StateOK || now.Digest != held.Candidate.Digest || report.Counts.Changed != 1 {
		t.Errorf("after it was accepted: %+v, %+v", now, report)
	}
	if asked := w.askedQuestions(); asked != "" {
		t.Errorf("accepting asks E-HPC %s", asked)
	}
}
