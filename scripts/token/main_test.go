package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"community-images/shared/access"
	"community-images/shared/cloud"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

func TestMain(m *testing.M) { os.Exit(fctest.Run(m)) }

func today() time.Time { return time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC) }

// token runs the command; the secret is the last line that it told.
func token(t *testing.T, in string, args ...string) (code int, value, stderrText string) {
	t.Helper()
	var out, secret bytes.Buffer
	code = run(args, streams{strings.NewReader(in), &out, &secret, rand.Reader}, today)
	return code, strings.TrimSpace(out.String()), strings.TrimSpace(secret.String())
}

func lastLine(s string) string { return s[strings.LastIndex(s, "\n")+1:] }

// Each row is a call that makes nothing, and why.
func TestRefusals(t *testing.T) {
	t.Parallel()
	_, good, _ := token(t, "", "-name", "ci")
	for _, row := range []struct {
		args string
		in   string
		code int
		says string
	}{
		{"", "", 2, "-name is required"},
		{"-name a b", "", 2, `unexpected argument "b"`},
		{"-nmae a", "", 2, "flag provided but not defined"},
		{"-name a -expires soon", "", 2, "want a date such as 2027-01-31"},
		{"-name a -expires 2026-11-23", "", 2, "that time is over"},
		{"-name a -expires 2026-11-23T16:00:00+01:00", "", 2, "that time is over"},
		{"-name a -key -expires 2027-01-31", "", 2, "access keys do not expire"},
		{"-check -name a", "", 2, "-check goes with no other flag"},
		{"-name a/b", "", 1, "entry 1: name is not 1 to 64 letters"},
		{"-name a -regions CN", "", 1, "entry 1: regions: element 1 is not the id of a region"},
		{"-name a -clusters x,,y", "", 1, "entry 1: clusters: element 2 is not the id of a cluster or _any"},
		{"-name a -clusters *", "", 1, "entry 1: clusters: element 1 is not"},
		{"-name a -key -clusters x,x", "", 1, "entry 1: clusters: element 2 is a repetition"},
		{"-name ci -add", good, 1, "entry 2: name is that of an earlier entry"},
		{"-name b -add", "[hunter2]", 1, "reading the present value of QUERY_TOKENS: is not JSON from byte"},
		{"-name b -key -add", good, 1, "entry 1: has a member that is not known"},
		{"-check", "ci_0123456789012345678901234567890123hunter2", 1, "copied with a mistake"},
	} {
		code, value, stderrText := token(t, row.in, strings.Fields(row.args)...)
		if code != row.code || value != "" || !strings.Contains(stderrText, row.says) ||
			strings.Contains(stderrText, "hunter2") {
			t.Errorf("token %s: %d %q %q, want %d %q", row.args, code, value, stderrText, row.code, row.says)
		}
	}
	if code, _, stderrText := token(t, "", "-h"); code != 0 || !strings.Contains(stderrText, "-clusters") ||
		!strings.HasPrefix(stderrText, "Usage: go run ./scripts/token -name NAME") {
		t.Errorf("-h: %d %s", code, stderrText)
	}
}

func TestWithoutEntropyNothingIsMade(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-name", "a"}, {"-name", "a", "-key"}} {
		var out, secret bytes.Buffer
		if code := run(args, streams{strings.NewReader(""), &out, &secret, iotest.ErrReader(errors.New("no entropy"))},
			today); code != 1 || out.Len() > 0 || !strings.Contains(secret.String(), "no entropy") {
			t.Errorf("%v: %d %s %s", args, code, &out, &secret)
		}
	}
}

// broken fails to write.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestSecretOfASettingThatIsLostIsNotTold(t *testing.T) {
	t.Parallel()
	var secret bytes.Buffer
	code := run([]string{"-name", "a"}, streams{strings.NewReader(""), broken{}, &secret, rand.Reader}, today)
	if code != 1 || strings.Contains(secret.String(), "ci_") {
		t.Errorf("%d %s", code, &secret)
	}
}

func TestValueSaysWhatWasAsked(t *testing.T) {
	t.Parallel()
	_, value, stderrText := token(t, "", "-name", "a", "-regions", "cn-a, cn-b", "-clusters", "x,_any", "-expires",
		"2027-01-31")
	list, err := access.ParseTokens(value)
	if err != nil {
		t.Fatal(err)
	}
	g, found := list.Find(lastLine(stderrText), time.Date(2027, 1, 30, 23, 0, 0, 0, time.UTC))
	if !found || fmt.Sprint(*g) != "{a [cn-a cn-b] [x _any]}" {
		t.Errorf("%v from %s", g, value)
	}
	if _, found := list.Find(lastLine(stderrText), time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)); found {
		t.Error("the token does not expire")
	}
	if strings.Contains(value, lastLine(stderrText)) || !access.HasValidChecksum(lastLine(stderrText)) {
		t.Errorf("%s %s", value, stderrText)
	}
	code, value, said := token(t, lastLine(stderrText)+"\n", "-check")
	if code != 0 || !strings.Contains(value, "intact") || strings.Contains(value+said, lastLine(stderrText)) {
		t.Errorf("-check: %d %s %s", code, value, said)
	}
}

func TestAddKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, more := range [][]string{nil, {"-key"}} {
		value := " \n"
		for i := range 30 {
			before := strings.TrimSuffix(value, "]")
			code, next, stderrText := token(t, value, append(more, "-add", "-name", fmt.Sprint("n", i))...)
			if code != 0 || i > 0 && !strings.HasPrefix(next, before+",") {
				t.Fatalf("%d %s\nafter %s\n%s", code, next, value, stderrText)
			}
			if warned := strings.Contains(stderrText, "4 KB"); warned != (len(next) > 3<<10) {
				t.Errorf("%d bytes: %s", len(next), stderrText)
			}
			value = next
		}
	}
}

// TestRealFunctionTakesWhatIsMade starts the real binary with what the command
// has made, asks it over FC's protocol, and looks for secrets in all that it
// says.
func TestRealFunctionTakesWhatIsMade(t *testing.T) {
	t.Parallel()
	_, tokens, stderrText := token(t, "", "-name", "all")
	all := lastLine(stderrText)
	_, tokens, stderrText = token(t, tokens, "-add", "-name", "limited", "-clusters", "ehpc-1", "-expires", "2999-01-01")
	limited := lastLine(stderrText)
	_, keys, stderrText := token(t, "", "-name", "cli", "-key")
	secret := lastLine(stderrText)
	var entries []keyEntry
	if err := json.Unmarshal([]byte(keys), &entries); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var output strings.Builder
	address := start(t, func(line string) {
		mu.Lock()
		defer mu.Unlock()
		output.WriteString(line + "\n")
	}, "QUERY_TOKENS="+tokens, "QUERY_ACCESS_KEYS="+keys, "LOG_LEVEL=debug")
	for _, row := range []struct {
		what, path, authorization string
		status                    int
		says                      string
	}{
		{"no token", "/v1/status", "", 401, `"Code":"Unauthorized"`},
		{"a wrong token", "/v1/status", "Bearer " + all + "x", 401, `"Code":"Unauthorized"`},
		{"the secret as a token", "/v1/status", "Bearer " + secret, 401, `"Code":"Unauthorized"`},
		{"a token in the address", "/v1/status?token=" + all, "", 400, "Tokens are not accepted in the URL"},
		{"a token as an id", "/v1/images/" + all, "Bearer " + all, 503, `"RequestId"`},
		{"the probe", "/healthz", "", 200, `"Status":"ok"`},
		{"a token", "/v1/status", "Bearer " + all, 200, `"Access":{"Tokens":true,"AccessKeys":true`},
		{"a limited token", "/v1/status", "bearer " + limited, 200, `"Clusters":["ehpc-1"]`},
		{"nothing is stored", "/v1/images", "Bearer " + all, 503, `"Code":"RegionNotReady"`},
		{"a lookup of the limited caller, but nothing is stored", "/v1/images?ClusterId=ehpc-1", "Bearer " + limited,
			503, `"Code":"RegionNotReady"`},
		{"the replica without a signature", "/?Action=ListRegions&Version=2018-04-12", "", 400, `"Code"`},
		{"the replica with one", sign(entries[0].ID, secret), "", 200, `"RegionId":"cn-hangzhou"`},
		{"the replica with a wrong one", sign(entries[0].ID, secret+"x"), "", 400, `"Code":"SignatureDoesNotMatch"`},
		{"the replica with a token", "/?Action=ListRegions&Version=2018-04-12", "Bearer " + all, 200,
			`"RegionId":"cn-hangzhou"`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+row.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if row.authorization != "" {
			r.Header.Set("Authorization", row.authorization)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != row.status || !strings.Contains(string(body), row.says) {
			t.Errorf("%s: %d %s %v, want %d with %s", row.what, response.StatusCode, body, err, row.status, row.says)
		}
		mu.Lock()
		output.WriteString(fmt.Sprintln(response.Header) + string(body))
		mu.Unlock()
	}
	mu.Lock()
	defer mu.Unlock()
	for what, hidden := range map[string]string{"a token": all, "the limited token": limited, "the secret": secret} {
		if strings.Contains(output.String(), hidden) {
			t.Errorf("%s is in what the function says", what)
		}
	}
	if !strings.Contains(output.String(), "lookup failed") {
		t.Error("the log was not looked at")
	}
}

// start runs the query function over an empty store behind an HTTP trigger.
func start(t *testing.T, output func(string), env ...string) (address string) {
	t.Helper()
	store, err := osstest.New(osstest.Options{Buckets: []string{"images"},
		Keys: []osstest.Key{{ID: "id", Secret: "oss-secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	oss := httptest.NewServer(store)
	t.Cleanup(oss.Close)
	f, err := fctest.Start(t.Context(), fctest.Binary(t, "community-images/functions/query"), fctest.Options{
		Env: append(env, "OSS_ENDPOINT="+oss.URL, "OSS_BUCKET=images"), Output: output,
		Credentials: cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "oss-secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	front := httptest.NewServer(f.HTTPHandler())
	t.Cleanup(front.Close)
	return front.URL
}

// sign makes an address of ListRegions, signed as in Alibaba Cloud's "Request
// signatures" for the RPC style, version 1.0.
func sign(id, secret string) string {
	q := url.Values{
		"Action": {"ListRegions"}, "Version": {"2018-04-12"}, "Format": {"JSON"}, "AccessKeyId": {id},
		"SignatureMethod":  {"HMAC-SHA1"},
		"SignatureVersion": {"1.0"}, "SignatureNonce": {rand.Text()},
		"Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte("GET&%2F&" + url.QueryEscape(q.Encode())))
	q.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return "/?" + q.Encode()
}
