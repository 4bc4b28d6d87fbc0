package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongStarts: each says in one line what was wrong and what to do.
func TestWrongStarts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("old-token with blanks"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := environment(caller)
	for _, row := range []struct {
		environ []string
		args    string
		says    string
	}{
		{key, "", "-region or -url is not set: which deployment to open"},
		{key, "-url https://x.example -region cn-hangzhou", "-url excludes -region and -stack"},
		{key, "-region cn_1", `-region "cn_1" is not a region id such as cn-hangzhou`},
		{key, "-region cn-hangzhou -stack a/b", `-stack "a/b" is not`},
		{key, "-url http://x.example", "is http://x.example, where others could read the key: use https://"},
		{key, "-url https://x.example/v1/status", "has more than a host"},
		{key, "-url https://me:old-token@x.example", "has more than a host"},
		{key, "-url x.example", "is not one that begins with https://"},
		{key, "-url https://x.example -listen 0.0.0.0:80", `-listen "0.0.0.0:80" is not on the loopback interface`},
		{key, "-url https://x.example -listen :80", `-listen ":80" is not on the loopback interface`},
		{key, "-url https://x.example -listen localhost:80", `-listen "localhost:80" is not on the loopback interface`},
		{key, "-url https://x.example -listen 10.0.0.1:80", "is not on the loopback interface"},
		{key, "-url https://x.example -listen 127.0.0.1", "is not address:port"},
		{key, "-url https://x.example -token-file " + file, "-token-file has no bearer token"},
		{key, "-url https://x.example -token-file /no/such", "-token-file: open /no/such"},
		{nil, "-url https://x.example", "ALIBABA_CLOUD_ACCESS_KEY_ID is not set, and COMMUNITY_IMAGES_TOKEN neither"},
		{key[:1], "-region cn-hangzhou", "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the access key to find the stack"},
		{[]string{tokenVariable + "=old-token"}, "-region cn-hangzhou", "with -url a token suffices"},
		{key, "-url https://x.example now", `unexpected argument "now"`},
	} {
		got := fails(t, newProcess(row.environ, nil, nil), 2, strings.Fields(row.args)...)
		if !strings.Contains(got, row.says) {
			t.Errorf("%s: %s", row.args, got)
		}
	}
}

// TestUnusableDeployments are found before the gateway listens.
func TestUnusableDeployments(t *testing.T) {
	t.Parallel()
	wrong := caller
	wrong.AccessKeySecret = "the-wrong-secret"
	signed := serveUpstream(t, http.NotFound)
	answer := func(status int, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://x.example")
			w.WriteHeader(status)
			w.Write([]byte(body + strings.Repeat(" ", 2000)))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	token := []string{tokenVariable + "=old-token"}
	for _, row := range []struct {
		name    string
		environ []string
		url     string
		says    string
	}{
		{"a wrong key", environment(wrong), signed, "refuses the access key (403 AccessDenied): check that it is right"},
		{"a token for a signature", token, signed, "refuses a bearer token (403 AccessDenied): with HttpAuth=function"},
		{"an expired token", token, answer(401, `{"Code": "Unauthorized"}`),
			"refuses the bearer token (401 Unauthorized): it is wrong or has expired; start again with a valid one"},
		{"a signature for a token", environment(caller), answer(401, "{}"), "wants a bearer token (401)"},
		{"nobody there", environment(caller), "http://127.0.0.1:1", "127.0.0.1:1 cannot be reached, dial: "},
		{"a redirect", environment(caller), answer(302, ""), "answers with a redirect (302), which is not followed"},
		{"another server", environment(caller), answer(404, "<html>"), "is not a deployment of community-images"},
		{"another server with 200", environment(caller), answer(200, "{}"), "is not a deployment of community-images"},
		{"a code that is none", environment(caller), answer(404, `{"Code": "a\nb"}`), "/v1/status answers 404\n"},
	} {
		if got := fails(t, newProcess(row.environ, nil, nil), 1, "-url", row.url); !strings.Contains(got, row.says) {
			t.Errorf("%s: %s", row.name, got)
		}
	}
	o := open(t, newProcess(environment(caller), nil, nil), "-url", answer(503, `{"Code": "NotReady"}`))
	if text := o.out.String(); !strings.Contains(text, "it answers 503 NotReady now, which may pass, is open") {
		t.Error(text)
	}
}
