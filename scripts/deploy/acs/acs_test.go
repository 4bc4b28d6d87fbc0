package acs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/scripts/deploy/deploytest"
	"community-images/shared/acsauth"
	"community-images/shared/cloud"
)

var someone = cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "the secret", SecurityToken: "the token"}

// checked serves h to whoever signs as someone.
func checked(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		signature, err := acsauth.Verify(r, body, func(id string) (string, bool) {
			return someone.AccessKeySecret, id == someone.AccessKeyID
		}, time.Now())
		if err != nil || signature.SecurityToken != someone.SecurityToken {
			t.Errorf("%s %s is signed %+v: %v", r.Method, r.URL, signature, err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestCallsAreSigned(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		call Call
		want string
	}{
		{"a form", Call{Action: "Do", Query: map[string]string{"RegionId": "a+b&c=d/é *~"},
			Form: map[string]string{"Body.1": "x y\n&=%é", "Empty": ""}},
			"POST /?RegionId=a%2Bb%26c%3Dd%2F%C3%A9+%2A~ Body.1=x+y%0A%26%3D%25%C3%A9&Empty="},
		{"neither query nor form", Call{Action: "Do"}, "POST /"},
		{"a path and a body", Call{Action: "Do", Path: "/2023-03-30/functions/a%20b/invocations",
			Header: map[string]string{"x-fc-invocation-type": "Sync"}, Body: []byte("{}")},
			"POST /2023-03-30/functions/a%20b/invocations {}"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			client, err := New(checked(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Header.Get("X-Acs-Action") != "Do" || r.Header.Get("X-Acs-Version") != "2019-09-10" {
					t.Errorf("headers %v", r.Header)
				}
				w.Header().Set("X-Said", r.Method+" "+r.URL.String()+" "+string(body))
				_, _ = io.WriteString(w, "no JSON at all")
			}), "2019-09-10", someone)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := client.Do(t.Context(), row.call)
			if err != nil || string(answer.Body) != "no JSON at all" {
				t.Fatalf("%s, %v", answer.Body, err)
			}
			// The core may write a blank as + or %20.
			if got := answer.Header.Get("X-Said"); strings.ReplaceAll(got, "%20", "+") != strings.ReplaceAll(row.want,
				"%20", "+") {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		status     int
		code, says string
		temporary  bool
	}{
		{"with a code", `{"RequestId":"r-1","Code":"NoPermission","Message":"not\nyou"}`, 403, "NoPermission",
			"calling Do: 403 NoPermission: not you, request id r-1", false},
		{"throttled, whatever the status", `{"Code":"Throttling.User","Message":"slower"}`, 400, "Throttling.User",
			"Throttling.User", true},
		{"a page of a proxy", "<html>bad gateway</html>", 502, "no error document",
			"calling Do: 502 no error document: <html>bad gateway</html>", true},
		{"nothing", "", 500, "no error document", "calling Do: 500", true},
		{"a list", "[1]", 404, "no error document", "404", false},
		{"a redirect", "", 302, "no error document", "302", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			client, err := New(checked(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(row.status)
				_, _ = io.WriteString(w, row.body)
			}), "v", someone)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Do(t.Context(), Call{Action: "Do"})
			var refused *Error
			if !errors.As(err, &refused) || !HasCode(err, "other", row.code) || HasCode(err, "other") ||
				refused.Temporary() != row.temporary || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, temporary %t", err, refused != nil && refused.Temporary())
			}
			if asked != 1 {
				t.Errorf("%d requests were made", asked)
			}
		})
	}
}

func TestNetworkErrors(t *testing.T) {
	t.Parallel()
	late := until{t.Context(), make(chan struct{})}
	slow := checked(t, func(_ http.ResponseWriter, r *http.Request) {
		close(late.happens)
		<-r.Context().Done()
	})
	client, err := New(slow, "v", someone)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(late, Call{Action: "Do"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("time-out: %v", err)
	}
	cut := checked(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	})
	if client, err = New(cut, "v", someone); err != nil {
		t.Fatal(err)
	}
	var broken *Error
	if _, err := client.Do(t.Context(), Call{Action: "Do"}); !errors.As(err, &broken) || !broken.Temporary() ||
		!errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut answer: %v", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if client, err = New(gone.URL, "v", someone); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(t.Context(), Call{Action: "Do"}); !errors.As(err, &broken) || !broken.Temporary() {
		t.Errorf("nobody there: %v", err)
	}
}

// until is a context whose deadline is when happens is closed.
type until struct {
	context.Context
	happens chan struct{}
}

func (u until) Done() <-chan struct{} { return u.happens }

func (u until) Err() error {
	select {
	case <-u.happens:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for endpoint, ok := range map[string]bool{
		"https://ros.aliyuncs.com": true, "http://127.0.0.1:80/": true,
		"": false, "ros.aliyuncs.com": false, "ftp://h": false, "https://h/path": false, "https://u@h": false,
		"https://h?q": false, "https://": false,
	} {
		if _, err := New(endpoint, "v", someone); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// What the gateway in front of an HTTP trigger accepts, and that it accepts
// nothing else.
func TestSign(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := deploytest.VerifyTrigger(r, someone); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	for _, target := range []string{"/", "/v1/status", "/v1/images/a%20b?q=x+y&ClusterId=a,b&n="} {
		for about, change := range map[string]func(*http.Request){
			"":               func(*http.Request) {},
			"another path":   func(r *http.Request) { r.URL.Path += "x"; r.URL.RawPath = "" },
			"another query":  func(r *http.Request) { r.URL.RawQuery += "&more=1" },
			"another method": func(r *http.Request) { r.Method = http.MethodDelete },
			"an earlier date": func(r *http.Request) {
				r.Header.Set("X-Acs-Date", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
			},
			"another token": func(r *http.Request) { r.Header.Set("X-Acs-Security-Token", "x") },
			"another key pair": func(r *http.Request) {
				Sign(r, cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "x", SecurityToken: "the token"})
			},
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			Sign(req, someone)
			change(req)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if accepted := resp.StatusCode == http.StatusOK; accepted != (about == "") {
				t.Errorf("%s with %s is answered %d", target, about, resp.StatusCode)
			}
		}
	}
}
