package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/fcrun/fctest"
	"community-images/shared/notify/notifytest"
)

// kinds are all kinds of receivers.
var kinds = []string{"webhook", "dingtalk", "feishu", "wecom", "slack"}

// startReceivers starts a receiver of each kind.
func startReceivers(t *testing.T) (all []*notifytest.Receiver) {
	for _, kind := range kinds {
		all = append(all, notifytest.Start(t, "of-"+kind, kind))
	}
	return all
}

// subscribe stores notify.json.
func (w *fixture) subscribe(entries ...string) {
	w.t.Helper()
	bucket, keys := w.openBucket()
	if err := bucket.Put(w.t.Context(), keys.Notify(), notifytest.File(entries...)); err != nil {
		w.t.Fatal(err)
	}
}

// entriesOf returns the entries of receivers.
func entriesOf(receivers []*notifytest.Receiver) (entries []string) {
	for _, r := range receivers {
		entries = append(entries, r.Subscription(""))
	}
	return entries
}

// notifyEnv are the settings of a function that may reach receivers of this machine.
var notifyEnv = []string{"NOTIFY_ALLOW_PRIVATE=true", "NOTIFY_PUBLIC_URL=https://images.example.com"}

// TestReceiversAreTold runs the real binary with a receiver of each kind. Each checks the
// signature and takes one message for the commit that changed something, and none for the others.
func TestReceiversAreTold(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	receivers := startReceivers(t)
	w.subscribe(entriesOf(receivers)...)
	f := w.startFunction("snapshot", notifyEnv...)
	w.runSnapshot(f)
	w.setImageVersion("v2")
	w.runSnapshot(f)
	w.runSnapshot(f)
	for _, r := range receivers {
		got := r.Drain()
		if refused, _ := r.Refused(); len(refused) > 0 || len(got) != 1 {
			t.Fatalf("%s took %d messages and refused %q", r.Kind, len(got), refused)
		}
		for _, part := range []string{"cn-hangzhou, commit 2", "1 new: m-v2", "1 gone: m-v1",
			"https://images.example.com/v1/changes?RegionId=cn-hangzhou"} {
			if !strings.Contains(got[0].Text, part) {
				t.Errorf("%s: %q is not in %q", r.Kind, part, got[0].Text)
			}
		}
	}
	// The link works, and shows what was told.
	status, body := w.lookUp(w.startFunction("query"), "/v1/changes?RegionId=cn-hangzhou&at=2&since=1&format=ndjson")
	if status != 200 || strings.Count(body, "\n") != 2 ||
		!strings.Contains(body, "m-v1") || !strings.Contains(body, "m-v2") {
		t.Errorf("the link shows %d %s", status, body)
	}
}

// TestReceiversCannotDelayARun: a receiver that hangs, one that redirects and one at a private
// address fail, each with its reason; the one beside them is told, and the run commits.
func TestReceiversCannotDelayARun(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	receivers := startReceivers(t)
	hang, redirect, well := receivers[0], receivers[1], receivers[2]
	hang.SetAnswer(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the caller is gone
		<-r.Context().Done()
	})
	redirected := false
	redirect.SetAnswer(func(rw http.ResponseWriter, r *http.Request) {
		redirected = redirected || r.URL.Path == "/elsewhere"
		http.Redirect(rw, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	w.subscribe(entriesOf(receivers[:3])...)
	f := w.startFunction("snapshot", notifyEnv...)
	w.runSnapshot(f)
	w.setImageVersion("v2")
	began := time.Now()
	report := w.runAndRead(f)
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the run took %s", took)
	}
	want := map[string]string{"of-webhook": "no answer in time", "of-feishu": "",
		"of-dingtalk": "answered 307, a redirect, which is not followed"}
	for _, s := range report.Notify.Subscriptions {
		if s.Problem != want[s.Name] {
			t.Errorf("%s: %q, want %q", s.Name, s.Problem, want[s.Name])
		}
	}
	if len(well.Drain()) != 1 || redirected {
		t.Errorf("the receiver beside them was not told, or a redirect was followed: %v", redirected)
	}
	// Without the setting no address of this machine is dialled.
	w.subscribe(`{"Name":"p","Kind":"slack","Url":"https://localhost:1/x"}`,
		`{"Name":"m","Kind":"slack","Url":"https://100.100.100.200/x"}`)
	f = w.startFunction("snapshot")
	w.runSnapshot(f)
	w.setImageVersion("v3")
	for _, s := range w.runAndRead(f).Notify.Subscriptions {
		if !strings.HasPrefix(s.Problem, "the address is not public") {
			t.Errorf("%s: %q", s.Name, s.Problem)
		}
	}
}

// TestAliasesThatMoveAreTold: a receiver is told when an alias stands for another image, and
// nothing else if it wants nothing else.
func TestAliasesThatMoveAreTold(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r := notifytest.Start(t, "ops", "wecom")
	w.subscribe(r.Subscription(`"Filter":{"kind":"alias","alias":"newest"},`))
	bucket, keys := w.openBucket()
	file := `{"Aliases":[{"Name":"newest","RegionId":"cn-hangzhou","Lookup":"sort=-ImageId"},` +
		`{"Name":"other","RegionId":"cn-hangzhou","Lookup":"sort=-ImageId"},` +
		`{"Name":"stays","RegionId":"cn-hangzhou","Lookup":"sort=ImageId"}]}`
	if err := bucket.Put(t.Context(), keys.Aliases(), []byte(file)); err != nil {
		t.Fatal(err)
	}
	f := w.startFunction("snapshot", notifyEnv...)
	w.runSnapshot(f)
	for _, version := range []string{"v2", "v3"} {
		w.setImageVersion(version)
		w.runSnapshot(f)
	}
	got := r.Drain()
	if len(got) != 2 || !strings.Contains(got[0].Text, "\nalias moved (1): newest: m-v1 -> m-v2\n") ||
		!strings.Contains(got[1].Text, "newest: m-v2 -> m-v3\n") || strings.Contains(got[0].Text, "gone") {
		t.Errorf("told: %v", got)
	}
}

// notifyReport is the part of a run's answer about receivers.
type notifyReport struct {
	Notify struct {
		Problem       string
		Subscriptions []struct {
			Name    string
			Sent    int
			Problem string
		}
	}
}

// runAndRead runs and returns what became of the receivers.
func (w *fixture) runAndRead(f *fctest.Function) (r notifyReport) {
	w.t.Helper()
	response, err := f.Invoke(w.t.Context(), []byte(timerEventNow()))
	if err != nil || response.Error != nil {
		w.t.Fatal(err, response.Error)
	}
	if err := json.Unmarshal(response.Payload, &r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// TestUrlsAndSecretsOfReceiversAreNeverShown plants keys in URLs and secrets, lets receivers and
// OSS fail in all ways, and looks for the keys in what is printed, stored and answered.
func TestUrlsAndSecretsOfReceiversAreNeverShown(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	receivers := startReceivers(t)
	plain := strings.Replace(receivers[4].URL(), "http://", "https://", 1)
	entries := append(entriesOf(receivers),
		`{"Name":"dns","Kind":"slack","Url":"https://keyOfSlack.invalid/keyOfSlack"}`,
		`{"Name":"refused","Kind":"wecom","Url":"http://127.0.0.1:1/keyOfWeCom?key=keyOfWeCom"}`,
		fmt.Sprintf(`{"Name":"plain","Kind":"slack","Url":%q}`, plain))
	w.subscribe(entries...)
	f := w.startFunction("snapshot", append(notifyEnv, "LOG_LEVEL=debug")...)
	var said []string
	for i, answer := range []http.HandlerFunc{nil, nil,
		func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, r.URL.String(), 404) },
		func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(rw, `{"errcode":310000,"code":19021,"errmsg":%q}`, r.URL)
		},
		func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, r.URL.String()+"x", http.StatusFound)
		},
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		for _, r := range receivers {
			r.SetAnswer(answer)
		}
		w.setImageVersion(fmt.Sprint("v", i))
		another := fmt.Sprintf(`{"Name":"n%d","Kind":"slack","Url":"https://127.0.0.1:1/keyOfSlack"}`, i)
		w.subscribe(append(entries, another)...)
		response, err := f.Invoke(t.Context(), []byte(timerEventNow()))
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, string(response.Payload))
	}
	w.subscribe(`{"Name":"x","Kind":"dingtalk","Url":"keyOfWeCom://a b","Secret":5}`,
		`{"Name":"y","Kind":"webhook","Url":"https://u:keyOfWebhook@example.com","Secret":"keyOfSlack"}`)
	said = append(said, fmt.Sprint(w.runAndRead(f)))
	q := w.startFunction("query")
	_, body := w.lookUp(q, "/v1/status")
	_, metrics := w.lookUp(q, "/metrics")
	f.Stop()
	q.Stop()
	said = append(append(said, body, metrics), w.logLines()...)
	bucket, keys := w.openBucket()
	list, err := bucket.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range list {
		if key == keys.Notify() {
			continue
		}
		data, _, err := bucket.Get(t.Context(), key, "")
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, string(data))
	}
	secrets := []string{"keyofslack"} // as the look-up of a host spells it
	for _, r := range receivers {
		secrets = append(secrets, r.Secrets()...)
	}
	for _, text := range said {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
	if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "answered errcode 310000") }) {
		t.Error("no error code was told")
	}
}

// startTold starts the receiver of a webhook, and makes a first run, which tells it nothing.
func (w *fixture) startTold() *notifytest.Receiver {
	hook := notifytest.Start(w.t, "hook", "webhook")
	w.subscribe(hook.Subscription(""))
	w.runSnapshot(w.startFunction("snapshot", notifyEnv...))
	return hook
}

// drainDistinct returns the messages that a receiver took, and how many ids they have.
func drainDistinct(r *notifytest.Receiver) (list []notifytest.Message, ids int) {
	list = r.Drain()
	known := map[string]bool{}
	for _, m := range list {
		known[m.ID] = true
	}
	return list, len(known)
}

// TestKilledInEveryDelivery kills the real binary with SIGKILL at every request that it makes to
// OSS or to a receiver in a run with a commit. The next run tells what is missing: nothing is
// lost, and what comes twice has the same id.
func TestKilledInEveryDelivery(t *testing.T) {
	t.Parallel()
	for _, when := range []killTime{before, middle, after} {
		t.Run(string(when), func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			k := &killingProxy{next: w.oss, when: when}
			server := httptest.NewServer(k)
			t.Cleanup(server.Close)
			hook := w.startTold()
			kills := 0
			for at := int64(1); ; at++ {
				w.setImageVersion(fmt.Sprintf("%s-%d", strings.Fields(string(when))[0], at))
				f := w.startFunction("snapshot", append(notifyEnv, "OSS_ENDPOINT="+server.URL)...)
				k.kill, k.at = f.Kill, at
				k.count.Store(0)
				k.struck.Store(false)
				if _, err := f.Invoke(t.Context(), []byte(timerEventNow())); err != nil {
					t.Fatal(err)
				}
				f.Stop()
				w.runSnapshot(w.startFunction("snapshot", notifyEnv...))
				list, count := drainDistinct(hook)
				if count != 1 || len(list) > 2 || !strings.Contains(list[0].Text, fmt.Sprintf("-%d (", at)) &&
					!strings.Contains(list[0].Text, fmt.Sprintf("-%d\n", at)) {
					t.Fatalf("killed at request %d: told %d times, %d ids: %v", at, len(list), count, list)
				}
				if !k.struck.Load() {
					break
				}
				kills++
			}
			if kills < 15 {
				t.Errorf("only %d kills", kills)
			}
		})
	}
}

// TestKilledWhileAReceiverAnswers kills the real binary with SIGKILL when its message arrives,
// and when the receiver has taken it. The next run sends it, again or for the first time.
func TestKilledWhileAReceiverAnswers(t *testing.T) {
	t.Parallel()
	for _, isTaken := range []bool{false, true} {
		w := newFixture(t)
		hook := w.startTold()
		w.setImageVersion("v2")
		f := w.startFunction("snapshot", notifyEnv...)
		hook.SetAnswer(func(rw http.ResponseWriter, r *http.Request) {
			if isTaken {
				hook.Take(httptest.NewRecorder(), r)
			}
			f.Kill()
			panic(http.ErrAbortHandler)
		})
		if response, err := f.Invoke(t.Context(), []byte(timerEventNow())); err != nil || response.Error == nil {
			t.Fatalf("the run was not killed: %v", err)
		}
		hook.SetAnswer(nil)
		w.runSnapshot(w.startFunction("snapshot", notifyEnv...))
		list, ids := drainDistinct(hook)
		if want := map[bool]int{false: 1, true: 2}[isTaken]; len(list) != want || ids != 1 {
			t.Errorf("taken before the kill %v: told %d times with %d ids", isTaken, len(list), ids)
		}
	}
}
