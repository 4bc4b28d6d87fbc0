package replica_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"community-images/shared/replica"
)

// signedRequests are requests that are answered, with all that belongs to them.
func signedRequests(w *fixture) map[string]func() *http.Request {
	query, form, headers, both := wide.fresh(w), wide.fresh(w), wide.fresh(w), wide.fresh(w)
	return map[string]func() *http.Request{
		"query": func() *http.Request {
			return query.rpc1("GET", "/at/1/", list+"&ClusterId=ehpc-a&RegionId=cn-hangzhou")
		},
		"form": func() *http.Request { return form.rpc1("POST", "/", list+"&ClusterId=ehpc-a&BaseOsTag=a+b%2B") },
		"headers": func() *http.Request {
			return headers.acs3("GET", "/at/2/", "ListClusters", "PageSize=1&PageNumber=2", "")
		},
		"headers and a form": func() *http.Request {
			return both.acs3("POST", "/", "ListCommunityImages", "ClusterId=ehpc-a", "BaseOsTag=a+b%2B")
		},
	}
}

// changes tries each byte of a text in three other ways.
func changes(s string, try func(changed string)) {
	for i := range len(s) {
		for _, c := range []byte{s[i] ^ 1, s[i] ^ 0x20} {
			if c > ' ' && c < 0x7f && c != '#' {
				try(s[:i] + string(c) + s[i+1:])
			}
		}
		try(s[:i] + s[i+1:])
	}
}

// sameParameters says whether two codings mean the same.
func sameParameters(a, b string) bool {
	x, err1 := url.ParseQuery(a)
	y, err2 := url.ParseQuery(b)
	return err1 == nil && err2 == nil && reflect.DeepEqual(x, y)
}

// Whatever is changed of what is signed, the request is refused.
func TestEveryChangeIsRefused(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(closed)
	tried := 0
	for name, make := range signedRequests(w) {
		refused := func(what string, change func(r *http.Request)) {
			r := make()
			change(r)
			tried++
			if rec := do(h, r); rec.Code == 200 {
				t.Errorf("%s, %s: answered", name, what)
			}
		}
		original := make()
		changes(original.URL.RawQuery, func(changed string) {
			if !sameParameters(changed, original.URL.RawQuery) {
				refused("query "+changed, func(r *http.Request) { r.URL.RawQuery = changed })
			}
		})
		body := bodyOf(original)
		changes(body, func(changed string) {
			if original.Header.Get("Authorization") != "" || !sameParameters(changed, body) {
				refused("body "+changed, func(r *http.Request) { setBody(r, changed) })
			}
		})
		refused("method", func(r *http.Request) {
			r.Method = map[string]string{"GET": "POST", "POST": "GET"}[r.Method]
		})
		refused("method HEAD", func(r *http.Request) { r.Method = "HEAD" })
		refused("one parameter more", func(r *http.Request) { r.URL.RawQuery += "&x=" })
		refused("a body more", func(r *http.Request) { setBody(r, bodyOf(make())+"&x=y") })
		if original.Header.Get("Authorization") == "" {
			continue // neither path nor headers are signed
		}
		for header, values := range original.Header {
			if header == "Content-Type" && body == "" {
				continue
			}
			changes(values[0], func(changed string) {
				refused(header+" "+changed, func(r *http.Request) { r.Header.Set(header, changed) })
			})
			refused("no "+header, func(r *http.Request) { r.Header.Del(header) })
			refused(header+" twice", func(r *http.Request) { r.Header.Add(header, values[0]) })
		}
		changes(original.Host, func(changed string) {
			refused("host "+changed, func(r *http.Request) { r.Host = changed })
		})
		for _, path := range []string{"/at/1/", "/at/2", "/at/02/", "/cn-hangzhou/", "/at/2/cn-hangzhou/"} {
			refused("path "+path, func(r *http.Request) { r.URL.Path = path })
		}
		refused("a security token", func(r *http.Request) { r.Header.Set("x-acs-security-token", "t") })
	}
	for name, make := range signedRequests(w) {
		for _, off := range []time.Duration{-15*time.Minute - time.Second, 15*time.Minute + time.Second} {
			clock := w.replica(closed, func(o *replica.Options) { o.Now = func() time.Time { return w.Now.Add(off) } })
			if got := code(t, do(clock, make())); got != "InvalidTimeStamp.Expired" {
				t.Errorf("%s, %v off: %q", name, off, got)
			}
		}
		if got := code(t, do(h, make())); got != "" {
			t.Errorf("%s, unchanged: %q", name, got)
		}
	}
	if tried < 3000 {
		t.Errorf("%d changes tried", tried)
	}
}

// What is refused for another reason than its key is refused in the same words
// whether the key exists or not.
func TestKeysCannotBeProbed(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(closed)
	known, unknown := signer{id: wide.id, secret: "x"}, signer{id: "CInobody", secret: "x"}
	for name, try := range map[string]func(s signer) *http.Request{
		"late": func(s signer) *http.Request {
			s.at = s.at.Add(-time.Hour)
			return s.rpc1("GET", "/", list)
		},
		"late, by headers": func(s signer) *http.Request {
			s.at = s.at.Add(-time.Hour)
			return s.acs3("GET", "/", "x", "", "")
		},
		"a security token": func(s signer) *http.Request { return s.rpc1("GET", "/", list+"&SecurityToken=t") },
		"another form of time": func(s signer) *http.Request {
			r := s.acs3("GET", "/", "x", "", "")
			r.Header.Set("x-acs-date", "now")
			return r
		},
		"a hash that is not": func(s signer) *http.Request {
			r := s.acs3("POST", "/", "x", "", "a=b")
			setBody(r, "a=c")
			return r
		},
		"a header not signed": func(s signer) *http.Request {
			r := s.acs3("GET", "/", "x", "", "")
			r.Header.Set("x-acs-more", "y")
			return r
		},
		"no nonce": func(s signer) *http.Request { s.nonce = ""; return s.rpc1("GET", "/", list) },
		"another signature": func(s signer) *http.Request {
			return s.rpc1("GET", "/", list+"&SignatureType=BEARERTOKEN")
		},
		"a path that leads nowhere": func(s signer) *http.Request {
			s.at = s.at.Add(time.Hour)
			return s.rpc1("GET", "/at/1/x/y", list)
		},
	} {
		a, b := do(h, try(known.fresh(w))), do(h, try(unknown.fresh(w)))
		if a.Code != b.Code || a.Code == 200 || a.Body.String() != b.Body.String() {
			t.Errorf("%s: %d %s\nunknown: %d %s", name, a.Code, a.Body, b.Code, b.Body)
		}
	}
	// Beyond that a caller learns the documented codes, and no more.
	a, b := do(h, known.fresh(w).rpc1("GET", "/at/soon/", list+"&RegionId=nowhere")), do(h,
		unknown.fresh(w).rpc1("GET", "/at/soon/", list+"&RegionId=nowhere"))
	if code(t, a) != "SignatureDoesNotMatch" || code(t, b) != "InvalidAccessKeyId.NotFound" ||
		strings.Contains(a.Body.String()+b.Body.String(), "cn-hangzhou") {
		t.Errorf("%s\n%s", a.Body, b.Body)
	}
}

func bodyOf(r *http.Request) string {
	b, _ := io.ReadAll(r.Body) // a strings.Reader
	return string(b)
}

func setBody(r *http.Request, body string) { r.Body = io.NopCloser(strings.NewReader(body)) }

// The time a refusal takes must not tell whether the key exists: the work of
// an unknown one is that of a known one. Measured, not proved: medians of many.
func TestUnknownKeysTakeAsLong(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(closed)
	took := func(s signer) time.Duration {
		r := s.fresh(w).rpc1("GET", "/", list)
		began := time.Now()
		h.ServeHTTP(httptest.NewRecorder(), r)
		return time.Since(began)
	}
	best := [2]time.Duration{time.Hour, time.Hour} // the least noise is in the fastest
	for range 3000 {
		best[0] = min(best[0], took(signer{id: wide.id, secret: "x"}))
		best[1] = min(best[1], took(signer{id: "CInobody", secret: "x"}))
	}
	if ratio := float64(best[0]) / float64(best[1]); ratio > 2 || ratio < 0.5 {
		t.Errorf("a wrong secret takes %v, an unknown key %v", best[0], best[1])
	}
}
