package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"community-images/scripts/deploy/acs"
	"community-images/scripts/deploy/deploytest"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket/osstest"
)

// account is a cloud in which the project can be deployed.
type account struct {
	t     *testing.T
	cloud *deploytest.Cloud
	oss   string // URL
}

// newAccount returns an account of the caller, with a simulated E-HPC.
func newAccount(t *testing.T) *account {
	t.Helper()
	role := cloud.Credentials{
		AccessKeyID: "STS.role", AccessKeySecret: "the-roles-secret", SecurityToken: "the-roles-token",
	}
	var keys []osstest.Key
	for _, c := range []cloud.Credentials{caller, role} {
		keys = append(keys, osstest.Key{ID: c.AccessKeyID, Secret: c.AccessKeySecret, Token: c.SecurityToken})
	}
	store, err := osstest.New(osstest.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	oss := httptest.NewServer(store)
	ehpc := httptest.NewServer(ehpctest.New(ehpctest.Options{
		Data: ehpctest.NewSimulation(1),
		Keys: map[string]ehpctest.Key{role.AccessKeyID: {Secret: role.AccessKeySecret, Token: role.SecurityToken}},
	}))
	t.Cleanup(func() { oss.Close(); ehpc.Close() })
	return &account{t: t, oss: oss.URL, cloud: deploytest.Start(t, deploytest.Options{Region: "cn-hangzhou", Key: caller,
		Role: role, OSS: oss.URL, EHPC: ehpc.URL, Step: time.Millisecond, Env: []string{"SNAPSHOT_QPS=1000"}})}
}

// deploy deploys the project to the account.
func (a *account) deploy(more ...string) {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), "go", append([]string{"run", "community-images/scripts/deploy",
		"-region", "cn-hangzhou", "-bucket", "the-data", "-code-bucket", "the-code", "-create-code-bucket", "-yes",
		"-version", "v1", "-ros-endpoint", a.cloud.ROS, "-fc-endpoint", a.cloud.FC, "-oss-endpoint", a.oss}, more...)...)
	cmd.Env = append(os.Environ(), environment(caller)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		a.t.Fatalf("%v\n%s", err, out)
	}
}

// flags returns those that name the deployment.
func (a *account) flags(stack string) []string {
	return []string{"-region", "cn-hangzhou", "-stack", stack, "-ros-endpoint", a.cloud.ROS}
}

// TestOpensADeployment opens the real functions, first with the default
// authentication and then with tokens.
func TestOpensADeployment(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.deploy()
	o := open(t, newProcess(environment(caller), nil, nil), a.flags("community-images")...)
	if text := o.out.String(); !strings.Contains(text, `version "v1", is open on this machine`) {
		t.Error(text)
	}
	askPages(t, o)
	walkPages(t, o)
	askReplica(t, o, caller)
	askReplica(t, o, cloud.Credentials{AccessKeyID: keyID, AccessKeySecret: o.secret})
	refuseReplica(t, o)
	wrongStacks(t, a)

	token := filepath.Join(t.TempDir(), "token")
	setting, secret, expired := makeTokens(t)
	if err := os.WriteFile(token, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.deploy("-param", "HttpAuth=anonymous", "-param-file", "QueryTokens="+setting)
	o = open(t, newProcess(environment(caller), nil, nil), append(a.flags("community-images"), "-token-file", token)...)
	askPages(t, o)
	walkPages(t, o)
	askReplica(t, o, caller)
	if text := o.out.String(); strings.Contains(text, secret) {
		t.Errorf("the output shows the token:\n%s", text)
	}
	for _, refused := range []string{"ci_old-token", expired} {
		p := newProcess(append(environment(caller), tokenVariable+"="+refused), nil, nil)
		got := fails(t, p, 1, a.flags("community-images")...)
		const says = "refuses the bearer token (401 Unauthorized): it is wrong or has expired; start again"
		if !strings.Contains(got, says) || strings.Contains(got, refused) {
			t.Error(got)
		}
	}
	p := newProcess(environment(caller), nil, nil)
	if got := fails(t, p, 1, a.flags("community-images")...); !strings.Contains(got, "wants a bearer token (401 ") {
		t.Error(got)
	}
}

// askPages asks as a browser and as curl do.
func askPages(t *testing.T, o *opened) {
	t.Helper()
	host := hostOf(t, o.page)
	entered := o.send("GET", o.page, map[string]string{"Accept": "text/html", "Sec-Fetch-Site": "none"}, "")
	cookie, _, _ := strings.Cut(entered.header.Get("Set-Cookie"), ";")
	browser := map[string]string{
		"Cookie": cookie, "Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin",
	}
	page := o.send("GET", "http://"+host+"/", browser, "")
	if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") ||
		page.header.Get("Content-Disposition") != "" || page.header.Get("Content-Security-Policy") == "" {
		t.Errorf("page: %d %v %.200s", page.status, page.header, page.body)
	}
	for _, row := range []struct {
		target string
		status int
		says   string
	}{
		{"/healthz", 200, `"v1"`},
		{"/v1/status", 200, `"cn-hangzhou"`},
		{"/v1/images?ClusterId=*&limit=2&format=ids", 200, "m-"},
		{"/v1/images?ClusterId=*&limit=1&OsTag.Platform=CentOS&sort=-OsTag.Version&q=a%20", 200, ""},
		{"/v1/changes?format=table&limit=1", 200, "ImageId"},
		{"/v1/images?ClusterId=no-such-cluster", 404, "ClusterNotFound"},
		{"/v1/images?ClusterIt=x", 400, "ClusterId"},
	} {
		got := o.get(row.target)
		if got.status != row.status || !strings.Contains(got.body, row.says) || got.header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d %v %.300s", row.target, got.status, got.header, got.body)
		}
	}
	etag := o.get("/v1/status").header.Get("Etag")
	header := o.bearer()
	header["If-None-Match"] = etag
	if got := o.send("GET", o.base+"/v1/status", header, ""); etag != "" && got.status != 304 {
		t.Errorf("If-None-Match: %d", got.status)
	}
}

// askReplica asks E-HPC's API in both dialects, signed with a key.
func askReplica(t *testing.T, o *opened, key cloud.Credentials) {
	t.Helper()
	client, err := acs.New(o.base, "2018-04-12", key)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []acs.Call{
		{Action: "ListClusters", Query: map[string]string{"PageSize": "50"}},
		{Action: "ListClusters", Form: map[string]string{"PageSize": "50"}},
		{Action: "ListClusters", Path: "/cn-hangzhou/"},
		{Action: "ListRegions"},
	} {
		response, err := client.Do(t.Context(), call)
		if err != nil || !strings.Contains(string(response.Body), "cn-hangzhou") {
			t.Errorf("%s by headers: %v %.200s", call.Action, err, response.Body)
		}
	}
	for _, method := range []string{"GET", "POST"} {
		query := signRPC(method, key, "ListClusters", time.Now())
		got := o.send(method, o.base+"/?"+query, nil, "")
		if got.status != 200 || !strings.Contains(got.body, "ehpc-hz-") {
			t.Errorf("%s by query: %d %.200s", method, got.status, got.body)
		}
		if again := o.send(method, o.base+"/?"+query, nil, ""); again.status != 403 || again.body != "forbidden\n" {
			t.Errorf("%s a second time: %d %.200s", method, again.status, again.body)
		}
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	if got := o.send("POST", o.base+"/", form, signRPC("POST", key, "ListClusters", time.Now())); got.status != 200 {
		t.Errorf("by form: %d %.200s", got.status, got.body)
	}
	got := o.get("/?Action=ListClusters&Version=2018-04-12")
	if got.status != 200 || !strings.Contains(got.body, "ehpc-hz-") {
		t.Errorf("without a signature: %d %.200s", got.status, got.body)
	}
}

// refuseReplica asks with signatures that are wrong.
func refuseReplica(t *testing.T, o *opened) {
	t.Helper()
	wrong, permanent, unknown := caller, caller, caller
	wrong.AccessKeySecret, permanent.SecurityToken, unknown.AccessKeyID = "the-wrong-secret", "", "STS.somebody"
	empty := cloud.Credentials{AccessKeyID: keyID}
	for name, query := range map[string]string{
		"a wrong secret":        signRPC("GET", wrong, "ListClusters", time.Now()),
		"no security token":     signRPC("GET", permanent, "ListClusters", time.Now()),
		"another key":           signRPC("GET", unknown, "ListClusters", time.Now()),
		"an empty secret":       signRPC("GET", empty, "ListClusters", time.Now()),
		"an old signature":      signRPC("GET", caller, "ListClusters", time.Now().Add(-20*time.Minute)),
		"a signature and more":  signRPC("GET", caller, "ListClusters", time.Now()) + "&PageSize=1",
		"a signature for POST":  signRPC("POST", caller, "ListClusters", time.Now()),
		"a signature elsewhere": "Action=ListClusters&Signature=x",
	} {
		if got := o.send("GET", o.base+"/?"+query, nil, ""); got.status != 403 || got.body != "forbidden\n" {
			t.Errorf("%s: %d %.200s", name, got.status, got.body)
		}
	}
}

// signRPC returns the query of a call, signed with version 1.0 as the CLI does.
func signRPC(method string, key cloud.Credentials, action string, at time.Time) string {
	query := url.Values{
		"Action": {action}, "Version": {"2018-04-12"}, "Format": {"JSON"}, "AccessKeyId": {key.AccessKeyID},
		"SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
		"SignatureNonce": {time.Now().Format(time.RFC3339Nano)}, "Timestamp": {at.UTC().Format("2006-01-02T15:04:05Z")},
	}
	if key.SecurityToken != "" {
		query.Set("SecurityToken", key.SecurityToken)
	}
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	canonical := strings.ReplaceAll(query.Encode(), "+", "%20")
	mac := hmac.New(sha1.New, []byte(key.AccessKeySecret+"&"))
	mac.Write([]byte(method + "&%2F&" + escape(canonical)))
	query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return query.Encode()
}

// wrongStacks starts with a stack or a key that ROS does not accept.
func wrongStacks(t *testing.T, a *account) {
	t.Helper()
	wrong, unknown := caller, caller
	wrong.AccessKeySecret, unknown.AccessKeyID = "the-wrong-secret", "STS.somebody"
	for _, row := range []struct {
		key  cloud.Credentials
		args []string
		says string
	}{
		{caller, a.flags("no-such-stack"), `there is no stack "no-such-stack" in cn-hangzhou: name another with -stack`},
		{wrong, a.flags("community-images"), "ROS refuses the access key (400 SignatureDoesNotMatch): check that"},
		{unknown, a.flags("community-images"), "ROS refuses the access key (404 InvalidAccessKeyId.NotFound): check that"},
		{caller, []string{"-region", "cn-hangzhou", "-ros-endpoint", "http://127.0.0.1:1"}, "ROS cannot be reached, "},
	} {
		if got := fails(t, newProcess(environment(row.key), nil, nil), 1, row.args...); !strings.Contains(got, row.says) {
			t.Errorf("%q: %s", row.args, got)
		}
	}
}
