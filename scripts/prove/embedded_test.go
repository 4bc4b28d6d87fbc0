package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/scripts/build/bundle/bundletest"
	"community-images/scripts/check/rampolicy"
	"community-images/scripts/check/rostemplate"
	"community-images/scripts/deploy/deploytest"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket/osstest"
)

const (
	region     = "cn-hangzhou"
	maxTimeout = 15 * time.Second // of functions; the race detector needs 10 s for 30 MB
)

// platform is an embedded Alibaba Cloud: ROS, Function Compute, OSS that enforces
// the policies of the roles, and E-HPC.
type platform struct {
	t               *testing.T
	key             cloud.Credentials
	snapshot        cloud.Credentials // of the snapshot function's role
	query           cloud.Credentials // of the query function's role
	cloud           *deploytest.Cloud
	oss             *osstest.Server
	ehpcURL, ossURL string

	onOutput func(text string) // is called with all that the command prints; nil: nothing
	// timerWait is how long the command waits for events of the timer.
	timerWait time.Duration

	mu       sync.Mutex
	policies map[string]rampolicy.Policy // by access key id
}

// newCredentials returns a temporary access key.
func newCredentials(name string) cloud.Credentials {
	return cloud.Credentials{
		AccessKeyID: "STS." + name, AccessKeySecret: "the-secret-of-" + name, SecurityToken: "the-token-of-" + name,
	}
}

// falsity says what a platform does otherwise than documented.
type falsity struct {
	cloud deploytest.Falsify
	oss   func(http.Handler) http.Handler // in front of OSS; nil: nothing
}

// newPlatform starts a platform.
func newPlatform(t *testing.T, f falsity, data ehpctest.Data) *platform {
	t.Helper()
	p := &platform{t: t, key: newCredentials("deployer"), snapshot: newCredentials("snapshot"),
		query: newCredentials("query"), policies: map[string]rampolicy.Policy{}, timerWait: 5 * time.Second}
	keys, ehpcKeys := []osstest.Key{}, map[string]ehpctest.Key{}
	for _, c := range []cloud.Credentials{p.key, p.snapshot, p.query} {
		keys = append(keys, osstest.Key{ID: c.AccessKeyID, Secret: c.AccessKeySecret, Token: c.SecurityToken})
		ehpcKeys[c.AccessKeyID] = ehpctest.Key{Secret: c.AccessKeySecret, Token: c.SecurityToken}
	}
	var err error
	if p.oss, err = osstest.New(osstest.Options{Keys: keys}); err != nil {
		t.Fatal(err)
	}
	p.oss.SetFault(p.checkPolicy)
	store := http.Handler(p.oss)
	if f.oss != nil {
		store = f.oss(store)
	}
	oss := httptest.NewServer(store)
	ehpc := httptest.NewServer(ehpctest.New(ehpctest.Options{Data: data, Keys: ehpcKeys}))
	t.Cleanup(func() { oss.Close(); ehpc.Close() })
	p.ossURL, p.ehpcURL = oss.URL, ehpc.URL
	p.cloud = deploytest.Start(t, deploytest.Options{
		Region: region, Key: p.key, OSS: oss.URL, EHPC: ehpc.URL, Step: time.Millisecond,
		RoleOf: func(function string) cloud.Credentials {
			p.readPolicies(strings.TrimSuffix(strings.TrimSuffix(function, "-query"), "-snapshot"))
			if strings.HasSuffix(function, "-query") {
				return p.query
			}
			return p.snapshot
		},
		Env: []string{"SNAPSHOT_QPS=1000"}, TimerInterval: 50 * time.Millisecond, MaxTimeout: maxTimeout,
		Falsify: f.cloud,
	})
	return p
}

// readPolicies reads the policies of the roles from the template, for a deployment
// with this name.
func (p *platform) readPolicies(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	data, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		p.t.Error(err)
		return
	}
	template, err := rostemplate.Parse(data)
	if err != nil {
		p.t.Error(err)
		return
	}
	names := newNames(name)
	values, err := template.ParameterValues(map[string]string{
		"Name": name, "BucketName": names.data, "CodeBucket": names.code, "SnapshotCode": "a", "QueryCode": "b",
	})
	if err != nil {
		p.t.Error(err)
		return
	}
	for role, id := range map[string]string{"SnapshotRole": p.snapshot.AccessKeyID, "QueryRole": p.query.AccessKeyID} {
		r, err := template.EvaluateResource(role, rostemplate.Values{
			Parameters: values, Pseudo: map[string]string{"ALIYUN::Region": region, "ALIYUN::TenantId": "1"},
			Resource: func(name, attribute string) (any, error) { return name + "." + attribute, nil },
		})
		if err != nil {
			p.t.Error(err)
			return
		}
		list, _ := r.Properties["Policies"].([]any)
		entry, _ := list[0].(map[string]any)
		document, _ := json.Marshal(entry["PolicyDocument"])
		if p.policies[id], err = rampolicy.Parse(document); err != nil {
			p.t.Error(err)
		}
	}
}

// checkPolicy refuses a request that the policy of the caller's role does not
// allow.
func (p *platform) checkPolicy(r osstest.Request) *osstest.Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	request := rampolicy.Request{
		Action: "oss:PutObject", Resource: "acs:oss:" + region + ":1:" + r.Bucket + "/" + r.Key, Context: map[string]string{},
	}
	switch {
	case r.Key == "":
		request.Action, request.Resource = "oss:ListObjects", "acs:oss:"+region+":1:"+r.Bucket
		request.Context["oss:Prefix"] = r.Query.Get("prefix")
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		request.Action = "oss:GetObject"
	case r.Method == http.MethodDelete:
		request.Action = "oss:DeleteObject"
	}
	for id, policy := range p.policies {
		if strings.Contains(r.Header.Get("Authorization"), id) && len(policy.Allows(request)) == 0 {
			return &osstest.Fault{Status: http.StatusForbidden, Code: "AccessDenied", Message: "the role may not"}
		}
	}
	return nil
}

// outcome is what a run of the command did.
type outcome struct {
	code     int
	out, err string
	report   report
}

// byClaim returns the verdict of each claim.
func (o outcome) byClaim() map[string]verdict {
	all := map[string]verdict{}
	for _, f := range o.report.Findings {
		all[f.Claim] = f.Verdict
	}
	return all
}

// run runs the command against the platform.
func (p *platform) run(ctx context.Context, in string, args ...string) outcome {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "report.json")
	args = append([]string{"-region", region, "-json", file, "-ros-endpoint", p.cloud.ROS, "-fc-endpoint", p.cloud.FC,
		"-oss-endpoint", p.ossURL, "-ehpc-endpoint", p.ehpcURL}, args...)
	var out, errs bytes.Buffer
	o := outcome{code: run(ctx, args, process{
		environ: []string{
			"ALIBABA_CLOUD_ACCESS_KEY_ID=" + p.key.AccessKeyID,
			"ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + p.key.AccessKeySecret,
			"ALIBABA_CLOUD_SECURITY_TOKEN=" + p.key.SecurityToken,
		},
		dir: ".", stdin: strings.NewReader(in), stdout: io.MultiWriter(&out, outputHook{p}), stderr: &errs,
		pollInterval: 5 * time.Millisecond,
		timerWait:    p.timerWait, idle: 200 * time.Millisecond, queryTimeout: maxTimeout, build: buildOnce,
	})}
	o.out, o.err = out.String(), errs.String()
	if data, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(data, &o.report); err != nil {
			p.t.Error(err)
		}
		o.mustNotShow(p, string(data))
	}
	o.mustNotShow(p, o.err)
	return o
}

// outputHook calls onOutput of a platform.
type outputHook struct{ p *platform }

// Write implements io.Writer.
func (h outputHook) Write(text []byte) (int, error) {
	if h.p.onOutput != nil {
		h.p.onOutput(string(text))
	}
	return len(text), nil
}

// mustNotShow fails the test if a text shows a secret or a name of the account.
func (o outcome) mustNotShow(p *platform, text string) {
	p.t.Helper()
	for _, c := range []cloud.Credentials{p.key, p.snapshot, p.query} {
		for _, secret := range []string{c.AccessKeySecret, c.SecurityToken, c.AccessKeyID} {
			if strings.Contains(text, secret) {
				p.t.Errorf("the report shows %q", secret)
			}
		}
	}
	for _, word := range []string{namePrefix, "1234567890123456"} {
		if strings.Contains(text, word) && !strings.Contains(text, "-remove") {
			p.t.Errorf("the report shows %q", word)
		}
	}
}

// buildOnce is buildCode, once for all tests.
func buildOnce(ctx context.Context, root, version string) (code, error) {
	buildLock.Lock()
	defer buildLock.Unlock()
	if built.probe != nil {
		return built, nil
	}
	functions, err := bundletest.Make(version)
	if err != nil {
		return code{}, err
	}
	probe, err := buildProbe(ctx, root, zipFast)
	if err != nil {
		return code{}, err
	}
	built = code{version: version, functions: functions, probe: probe}
	return built, nil
}

// zipFast is bundle.Zip at the lowest compression. The best takes ten times as long
// with the race detector, and tests of real packages cover it.
func zipFast(name string, binary []byte) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err == nil {
		_, err = w.Write(binary)
	}
	err = errors.Join(err, z.Close())
	return out.Bytes(), err
}

var (
	buildLock sync.Mutex
	built     code
)
