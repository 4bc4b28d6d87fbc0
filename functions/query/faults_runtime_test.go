package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

// runtimeAPI is FC's runtime API as it should not be: each next is answered by
// the head of a list of ways, and what is posted is noted.
type runtimeAPI struct {
	t       *testing.T
	address string
	server  *http.Server
	next    chan http.HandlerFunc
	posts   chan post
	refuse  int // status for a post; 0: 200

	mu sync.Mutex // guards refuse
}

type post struct{ path, body string }

func newRuntimeAPI(t *testing.T) *runtimeAPI {
	a := &runtimeAPI{t: t, next: make(chan http.HandlerFunc), posts: make(chan post, 100)}
	a.listen("127.0.0.1:0")
	t.Cleanup(a.close)
	return a
}

func (a *runtimeAPI) listen(address string) {
	a.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		a.t.Fatal(err)
	}
	a.address = l.Addr().String()
	a.server = &http.Server{Handler: a}
	go a.server.Serve(l)
}

func (a *runtimeAPI) close() { _ = a.server.Close() }

// ServeHTTP implements http.Handler.
func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		refuse := a.refuse
		a.mu.Unlock()
		if refuse != 0 {
			w.WriteHeader(refuse)
		}
		a.posts <- post{strings.TrimPrefix(r.URL.Path, "/2020-11-11/runtime/invocation/"), string(body)}
		return
	}
	select {
	case answer := <-a.next:
		answer(w, r)
	case <-r.Context().Done():
	}
}

// queueEvent is a next that hands over an invocation; change may spoil its headers.
func (a *runtimeAPI) queueEvent(id, event string, left time.Duration, change func(http.Header)) {
	a.t.Helper()
	a.answerNextPoll(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for name, value := range map[string]string{
			"request-id": id, "function-deadline": strconv.FormatInt(time.Now().Add(left).UnixMilli(), 10),
			"function-timeout": "60", "function-type": "0",
			"function-name": "query", "retry-count": "0", "access-key-id": "LTAItestkey",
			"access-key-secret": "test-secret", "security-token": "test-token",
		} {
			h.Set("X-Fc-"+name, value)
		}
		if change != nil {
			change(h)
		}
		_, _ = io.WriteString(w, event)
	})
}

// answerNextPoll waits until the process asks for an invocation, and answers that.
func (a *runtimeAPI) answerNextPoll(answer http.HandlerFunc) {
	a.t.Helper()
	select {
	case a.next <- answer:
	case <-time.After(30 * time.Second):
		a.t.Fatal("no invocation is asked for")
	}
}

// waitForAnswer is what was posted about an invocation.
func (a *runtimeAPI) waitForAnswer(id string) fctest.HTTPResponse {
	a.t.Helper()
	select {
	case p := <-a.posts:
		out, err := fctest.ParseHTTPResponse([]byte(p.body))
		if err != nil || p.path != id+"/response" {
			a.t.Fatalf("%s: posted to %s is %.500s: %v", id, p.path, p.body, err)
		}
		return out
	case <-time.After(30 * time.Second):
		a.t.Fatalf("%s is not answered", id)
	}
	panic("not reached")
}

// start runs the query function on the API.
func (a *runtimeAPI) start(c *testRegion, env ...string) {
	a.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, buildQuery(a.t))
	cmd.Env = append(c.functionEnv(env...), "FC_RUNTIME_API="+a.address)
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	a.t.Cleanup(func() {
		select {
		case err := <-ended:
			a.t.Errorf("the process ended: %v", err)
		default:
		}
		cancel()
	})
}

// refused is how often the runtime API refuses before it is well.
const refused = 7

// TestRuntimeAPIThatRefuses: a runtime API that hands nothing out, or is not
// there, is asked about ten times a second, and used as soon as it is well.
func TestRuntimeAPIThatRefuses(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, tiny)
	healthy := string(newEvent(t, "/healthz", nil))
	for name, refuse := range map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) },
		"404 with a page": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, strings.Repeat("<html>", 10000), 404)
		},
		"reset": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half an event": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, healthy[:10])
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRuntimeAPI(t)
			a.start(c)
			a.answerNextPoll(refuse) // which may come after the start of a process
			fctest.InTime(t, func() error {
				began := time.Now()
				for range refused {
					a.answerNextPoll(refuse)
				}
				took := time.Since(began)
				if took < refused*60*time.Millisecond { // however slow the machine
					t.Errorf("asked %d times in %s", refused, took)
				}
				if took > refused*time.Second {
					return fmt.Errorf("asked only %d times in %s", refused, took)
				}
				return nil
			})
			a.queueEvent("after", healthy, time.Minute, nil)
			if out := a.waitForAnswer("after"); out.Status != 200 {
				t.Errorf("answered %d", out.Status)
			}
		})
	}
	t.Run("not there", func(t *testing.T) {
		t.Parallel()
		a := newRuntimeAPI(t)
		a.start(c)
		a.queueEvent("before", healthy, time.Minute, nil)
		a.waitForAnswer("before")
		a.close()
		time.Sleep(500 * time.Millisecond) // that is the outage
		a.listen(a.address)
		a.queueEvent("after", healthy, time.Minute, nil)
		if out := a.waitForAnswer("after"); out.Status != 200 {
			t.Errorf("answered %d", out.Status)
		}
	})
}

// TestMalformedEvents: each is answered once, with 400 or what it asks for,
// and never as a function error; one that the runtime itself cannot read costs
// only itself.
func TestMalformedEvents(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, tiny)
	a := newRuntimeAPI(t)
	a.start(c)
	deep := strings.Repeat(`{"a":`, 20000)
	for i, body := range []string{
		"", " ", "null", "0", `"x"`, "[]", "{}", "{", `{"rawPath":`, `{"rawPath":1}`,
		`{"rawPath":null,"requestContext":{"http":{"method":"GET"}}}`,
		`{"rawPath":"/healthz","queryParameters":{"a":["b","c"]}}`,
		`{"rawPath":"/healthz","headers":[],"queryParameters":"x","requestContext":7}`,
		`{"rawPath":"/healthz","body":{"x":1},"isBase64Encoded":"maybe"}`, `{"rawPath":"/healthz","rawPath":"/nope"}`,
		`{"triggerTime":"2026-11-23T09:00:00Z","triggerName":"t","payload":""}`,
		deep, `{"rawPath":"/healthz","x":` + deep + strings.Repeat("}", 20001), "\xff\xfe\x00",
		`{"rawPath":"/healthz\ud800"}`, "<html>", strings.Repeat("x", 300<<10), `{"rawPath":"/healthz","body":"` +
			strings.Repeat("x", 2<<20) + `"}`,
	} {
		id := "event-" + strconv.Itoa(i)
		a.queueEvent(id, body, time.Minute, nil)
		if out := a.waitForAnswer(id); !slices.Contains([]int{200, 400, 404, 413}, out.Status) ||
			len(out.Body) > 4<<10 {
			t.Errorf("%.80q is answered %d %.300s", body, out.Status, out.Body)
		}
	}
	healthy := string(newEvent(t, "/healthz", nil))
	for name, value := range map[string]string{"X-Fc-Function-Deadline": "soon", "X-Fc-Function-Timeout": "",
		"X-Fc-Retry-Count": "x", "X-Fc-Tracing-Opentracing-Span-Baggages": "!"} {
		a.queueEvent("unreadable", healthy, time.Minute, func(h http.Header) { h.Set(name, value) })
	}
	a.queueEvent("no-type", healthy, time.Minute, func(h http.Header) { h.Set("X-Fc-Function-Type", "x") })
	if out := a.waitForAnswer("no-type"); out.Status != 200 {
		t.Errorf("answered %d", out.Status)
	}
}

// TestCredentialsThatExpire renews the role's token while the instance is idle:
// the next lookup reads with the new one, and neither that of the environment
// nor the old one is used again.
func TestCredentialsThatExpire(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, tiny)
	q := c.startFunction(t, buildQuery(t), "QUERY_HEAD_TTL=0s")
	ask := newEvent(t, "/v1/images?ClusterId="+c.clusters[0], nil)
	invokeFor(t, q, ask, 200)
	serial := 0
	for range 3 {
		fctest.InTime(t, func() error {
			serial++
			old := c.oss.Key
			c.oss.Key = osstest.Key{ID: fmt.Sprint("STS.key", serial), Secret: fmt.Sprint("secret-", serial),
				Token: fmt.Sprint("token-", serial)}
			c.oss.SetKeys(c.oss.Key, osstest.Key{ID: old.ID, Secret: old.Secret, Token: old.Token,
				Expires: time.Now().Add(-24 * time.Hour)})
			if out := invokeFor(t, q, ask, 200); out.Headers["Warning"] == "" {
				t.Error("with a token that has expired the answer is not stale")
			}
			time.Sleep(1100 * time.Millisecond) // past the pause after a try that failed
			c.oss.Requests()
			q.SetCredentials(c.credentials())
			out := invokeFor(t, q, ask, 200)
			if requests := c.oss.Requests(); strings.Contains(requests, ": 403 ") || requests == "" {
				t.Errorf("with the next token the requests are\n%s", requests)
			}
			if out.Headers["Warning"] != "" {
				return fmt.Errorf("with the next token the answer has %v", out.Headers)
			}
			return nil
		})
	}
}

// slack is for the way of an answer.
const slack = time.Second

// TestDeadlines tells the function a deadline that has passed, or ends during
// a read of a store that hangs: the answer leaves all the same, and before it.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, tiny)
	front := openProxy(t, c)
	a := newRuntimeAPI(t)
	a.start(c, "OSS_ENDPOINT="+front.url)
	ask := string(newEvent(t, "/v1/images?ClusterId="+c.clusters[0], nil))
	front.injectFault(osstest.Fault{Delay: time.Hour})
	for _, left := range []time.Duration{-time.Hour, 0, 100 * time.Millisecond, 800 * time.Millisecond} {
		fctest.InTime(t, func() error {
			began := time.Now()
			a.queueEvent("late", ask, left, nil)
			out, took := a.waitForAnswer("late"), time.Since(began)
			if out.Status != 503 || out.Headers["Retry-After"] == "" {
				t.Errorf("with %s left: answered %d: %s", left, out.Status, out.Body)
			}
			if took > max(left, 0)+slack {
				return fmt.Errorf("with %s left: answered after %s", left, took)
			}
			return nil
		})
	}
	front.clearFaults()
	var out fctest.HTTPResponse
	for range 3 { // the first shares a read that began before
		a.queueEvent("well", ask, time.Minute, nil)
		if out = a.waitForAnswer("well"); out.Status == 200 {
			break
		}
	}
	if out.Status != 200 {
		t.Errorf("after all that: %d %s", out.Status, out.Body)
	}
	a.queueEvent("late again", ask, -time.Hour, nil)
	if out := a.waitForAnswer("late again"); out.Status != 200 && out.Status != 503 {
		t.Errorf("from memory, after the deadline: %d %s", out.Status, out.Body)
	}
}

// TestAnswersThatAreRefused: FC does not want the answer any more; the next
// invocation is not harmed.
func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, tiny)
	a := newRuntimeAPI(t)
	a.start(c)
	ask := string(newEvent(t, "/v1/images?limit=1000&ClusterId="+c.clusters[0], nil))
	for _, status := range []int{404, 500, 413, 202, 0} {
		a.mu.Lock()
		a.refuse = status
		a.mu.Unlock()
		for range 5 {
			a.queueEvent("refused", ask, time.Minute, nil)
			if out := a.waitForAnswer("refused"); out.Status != 200 {
				t.Errorf("answered %d", out.Status)
			}
		}
	}
	select {
	case p := <-a.posts:
		t.Errorf("posted once more: %+v", p)
	default:
	}
}
