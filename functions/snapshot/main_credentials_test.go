package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket/osstest"
)

// renewCredentials replaces the function role's token: the old one is refused from now on.
func (w *fixture) renewCredentials(serial int) cloud.Credentials {
	key := osstest.Key{ID: fmt.Sprint("STS.key", serial), Secret: fmt.Sprint("secret-", serial),
		Token: fmt.Sprint("token-", serial)}
	w.oss.SetKeys(key)
	w.ehpc.SetKeys(map[string]ehpctest.Key{key.ID: {Secret: key.Secret, Token: key.Token}})
	w.oss.Key = key
	return cloud.Credentials{AccessKeyID: key.ID, AccessKeySecret: key.Secret, SecurityToken: key.Token}
}

// workers is the setting SNAPSHOT_CONCURRENCY of these tests;
// putters is how many snapshots the archive stores at once.
const (
	workers = 4
	putters = 16
)

// TestCredentialsThatExpire lets the role's token die while an instance is
// idle, while a run asks, and while it stores. No old token is used by a later
// invocation, and each worker finds out once.
func TestCredentialsThatExpire(t *testing.T) {
	t.Parallel()
	w, fleet := newFixture(t), newFleetState(60, 13)
	w.ehpc.SetData(fleet.upstreamData())
	f := w.startFunction("snapshot", fmt.Sprint("SNAPSHOT_CONCURRENCY=", workers))
	w.runSnapshot(f)
	change := func() {
		fleet.changeSomeLists()
		w.ehpc.SetData(fleet.upstreamData())
		w.oss.Requests()
	}
	denied := func() int { return strings.Count(w.oss.Requests(), ": 403 ") }

	change()
	// after a day without a tick, say; the environment has the first token still
	f.SetCredentials(w.renewCredentials(1))
	if c := w.runSnapshot(f).Regions[0].Counts; c.Changed != 59 || c.Failed > 0 {
		t.Errorf("with the next token: %+v", c)
	}
	if n := denied(); n > 0 {
		t.Errorf("OSS has refused %d requests with the old token", n)
	}

	change()
	var mu sync.Mutex
	var next cloud.Credentials
	asked, after := 0, 0
	w.onCall.Store(func(ehpctest.Call) {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked == 20 {
			next = w.renewCredentials(2)
		} else if asked > 20 {
			after++
		}
	})
	response, err := f.Invoke(t.Context(), []byte(timerEventNow()))
	if err != nil || response.Error == nil || !strings.Contains(response.Error.Message, "nothing could be committed") {
		t.Fatal(err, response.Error)
	}
	if after > workers+1 {
		t.Errorf("%d calls of E-HPC after the token's death by %d workers and the listing", after, workers)
	}
	if n := denied(); n > putters {
		t.Errorf("OSS has refused %d requests", n)
	}
	w.onCall.Store(func(ehpctest.Call) {})
	f.SetCredentials(next)
	if c := w.runSnapshot(f).Regions[0].Counts; c.Failed+c.Left > 0 {
		t.Errorf("with the third token: %+v", c)
	}

	change()
	var refused atomic.Int64
	w.oss.SetFault(func(r osstest.Request) *osstest.Fault {
		if r.Method == "PUT" {
			refused.Add(1)
			return &osstest.Fault{Status: 403, Code: "SecurityTokenExpired"}
		}
		return nil
	})
	if response, err = f.Invoke(t.Context(), []byte(timerEventNow())); err != nil || response.Error == nil {
		t.Fatal(err, response.Error)
	}
	w.oss.SetFault(nil)
	if refused.Load() > putters {
		t.Errorf("OSS has refused %d snapshots", refused.Load())
	}
	f.SetCredentials(w.renewCredentials(3))
	w.runSnapshot(f)
	q := w.startFunction("query")
	for v, want := range fleet.expectedViews(t) {
		if text, _ := w.readView(q, v, ""); text != want {
			t.Errorf("in the end %s shows %s, want %s", views[v], text, want)
		}
	}
	if audit := w.auditArchive(); len(audit.Findings) > 0 {
		t.Errorf("audit is %+v", audit)
	}
	f.Stop()
	for _, line := range w.logLines() {
		if strings.Contains(line, "secret-") || strings.Contains(line, "token-") {
			t.Errorf("a secret is in %s", line)
		}
	}
}
