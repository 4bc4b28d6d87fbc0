package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/scripts/deploy/deploytest"
	"community-images/shared/cloud"
)

// caller is the access key of the person who opens a deployment.
var caller = cloud.Credentials{
	AccessKeyID: "STS.caller", AccessKeySecret: "the-callers-secret", SecurityToken: "the-callers+token/==",
}

// environment returns the environment with an access key.
func environment(c cloud.Credentials) []string {
	return []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=" + c.AccessKeyID,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + c.AccessKeySecret, "ALIBABA_CLOUD_SECURITY_TOKEN=" + c.SecurityToken}
}

// opened is a gateway that runs.
type opened struct {
	t *testing.T
	// page is what a browser opens, base what curl and the CLI ask.
	page, base string
	secret     string
	curlFile   string
	out        *lockedBuffer
	stop       func() int
}

// lockedBuffer is a buffer for one writer and one reader.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newProcess returns a process with short limits.
func newProcess(environ []string, out, faults io.Writer) process {
	return process{environ: environ, stdout: out, stderr: faults, retryDelay: time.Millisecond,
		limits: limits{header: 20 * time.Second, total: 30 * time.Second, answer: 8 << 20}}
}

// open starts a gateway and waits until it says how to use it.
func open(t *testing.T, p process, args ...string) *opened {
	t.Helper()
	o := &opened{t: t, out: &lockedBuffer{}}
	p.stdout, p.stderr = o.out, o.out
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, args, p) }()
	o.stop = sync.OnceValue(func() int { cancel(); return <-ended })
	t.Cleanup(func() { o.stop() })
	for !strings.Contains(o.out.String(), "Do not put the secret") {
		select {
		case code := <-ended:
			t.Fatalf("exit %d: %s", code, o.out)
		case <-time.After(5 * time.Millisecond):
		}
	}
	text := o.out.String()
	o.page = regexp.MustCompile(`http://\S+`).FindString(text)
	_, o.secret, _ = strings.Cut(o.page, "=")
	parts := regexp.MustCompile(`curl -K (\S+) (http://127\.0\.0\.1:\d+)/`).FindStringSubmatch(text)
	o.curlFile, o.base = parts[1], parts[2]
	return o
}

// fails runs the command, which must not start, and returns its only line.
func fails(t *testing.T, p process, code int, args ...string) string {
	t.Helper()
	var out, faults bytes.Buffer
	p.stdout, p.stderr = &out, &faults
	if got := run(t.Context(), args, p); got != code || out.Len() > 0 {
		t.Errorf("%q: exit %d, want %d; %s%s", args, got, code, &out, &faults)
	}
	for _, secret := range []string{caller.AccessKeySecret, caller.SecurityToken, "the-wrong-secret", "old-token"} {
		if strings.Contains(faults.String(), secret) {
			t.Errorf("%q shows %q: %s", args, secret, &faults)
		}
	}
	if code == 1 && strings.Count(faults.String(), "\n") != 1 {
		t.Errorf("%q: not one line: %s", args, &faults)
	}
	return faults.String()
}

// reply is an answer of the gateway.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request to the gateway, whatever host its address names. It
// follows no redirect.
func (o *opened) send(method, address string, header map[string]string, body string) reply {
	o.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		o.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(o.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Host, r.URL.Host = u.Host, strings.TrimPrefix(o.base, "http://")
	for name, value := range header {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	response, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		text = append(text, " broken: "+err.Error()...)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

// get asks as curl with the printed configuration does.
func (o *opened) get(target string) reply {
	o.t.Helper()
	return o.send("GET", o.base+target, o.bearer(), "")
}

// bearer returns the header with the secret, as the file for curl has it.
func (o *opened) bearer() map[string]string {
	o.t.Helper()
	text, err := os.ReadFile(o.curlFile)
	if err != nil {
		o.t.Fatal(err)
	}
	value := regexp.MustCompile(`header = "Authorization: (Bearer \S+)"`).FindStringSubmatch(string(text))
	return map[string]string{"Authorization": value[1]}
}

// serveUpstream serves a deployment with the authentication "function". It tells
// its status, and passes all else to handler.
func serveUpstream(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := deploytest.VerifyTrigger(r, caller); err != nil {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"Code": "AccessDenied", "Message": "the-callers-secret"}`)
			return
		}
		if r.URL.Path == "/v1/status" {
			io.WriteString(w, `{"Version": "v1"}`)
			return
		}
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
