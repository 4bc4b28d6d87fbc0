package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/scripts/check/rampolicy"
	"community-images/scripts/check/rostemplate"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

func TestMain(m *testing.M) { os.Exit(fctest.Run(m)) }

const (
	region  = "cn-hangzhou"
	account = "1234567890123456"
	prefix  = "team/images"
)

// stack is template.yaml, resolved and brought to life: both functions with
// the settings that it gives them, on an OSS and an E-HPC that grant what its
// policies grant, and nothing else.
type stack struct {
	t         *testing.T
	resources map[string]rostemplate.Resource
	dir       string // of the OSS
	oss       *osstest.Endpoint
	ehpc      *ehpctest.Endpoint
	data      *ehpctest.Fixed
	roles     map[string]*role // by name of the resource, and by access key id

	hidesMissing bool // the OSS refuses, instead of 404, whoever may not list everything

	mu              sync.Mutex
	unknownRequests []string // requests that no action is known for
	lines           []string // of the log
	fault           func(ehpctest.Call) *ehpctest.Fault
}

// role is a role of the stack and what was done with it.
type role struct {
	key    osstest.Key
	policy rampolicy.Policy
	used   map[rampolicy.Grant]int
	denied []string
}

func newStack(t *testing.T, change func(string) string) *stack {
	s := &stack{t: t, dir: t.TempDir(), roles: map[string]*role{}, data: &ehpctest.Fixed{
		RegionList: []ehpctest.Region{{RegionID: region}},
		ClusterLists: map[string][]json.RawMessage{
			region: {json.RawMessage(
				`{"Id":"ehpc-hz-1","Name":"one","RegionId":"cn-hangzhou","InstanceType":"ecs.c7.large"}`)}},
		ImageLists: map[ehpctest.Question]string{},
	}}
	s.oss = osstest.Start(t, s.dir)
	s.setImages("v1")
	s.ehpc = ehpctest.New(ehpctest.Options{Data: s.data, Fault: s.enforceEHPC})
	server, err := ehpctest.Listen(s.ehpc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s.resolve(change(readTemplate(t)), server.URL)
	keys := []osstest.Key{s.oss.Key}
	for i, name := range []string{"SnapshotRole", "QueryRole"} {
		r := &role{key: osstest.Key{ID: fmt.Sprint("STS.role", i), Secret: fmt.Sprint("secret", i),
			Token: fmt.Sprint("token", i)}, used: map[rampolicy.Grant]int{}}
		r.policy = s.policyOf(name)
		s.roles[name], s.roles[r.key.ID] = r, r
		keys = append(keys, r.key)
	}
	snapshot := s.roles["SnapshotRole"].key
	s.ehpc.SetKeys(map[string]ehpctest.Key{snapshot.ID: {Secret: snapshot.Secret, Token: snapshot.Token}})
	s.oss.SetKeys(keys...)
	s.oss.SetFault(s.enforceOSS)
	return s
}

func (s *stack) resolve(text, ehpcURL string) {
	s.t.Helper()
	template, err := rostemplate.Parse([]byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	s.resources, err = template.Evaluate(rostemplate.Values{
		Parameters: map[string]any{
			"CodeBucket": "code", "SnapshotCode": "s.zip", "QueryCode": "q.zip", "BucketName": s.oss.Bucket,
			"Prefix":      prefix,
			"OssEndpoint": s.oss.URL, "EhpcEndpoint": ehpcURL, "Qps": 1000, "HeadTtl": "0s", "ShrinkGuard": 100,
			"AlarmActionPolicy": "ops", "NotifyAllowPrivate": "true",
		},
		Pseudo: map[string]string{"ALIYUN::Region": region, "ALIYUN::TenantId": account},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// policyOf is the one policy of a role.
func (s *stack) policyOf(name string) rampolicy.Policy {
	s.t.Helper()
	var properties struct {
		Policies []struct{ PolicyDocument json.RawMessage }
	}
	s.decode(name, &properties)
	if len(properties.Policies) != 1 {
		s.t.Fatalf("%s has %d policies", name, len(properties.Policies))
	}
	p, err := rampolicy.Parse(properties.Policies[0].PolicyDocument)
	if err != nil {
		s.t.Fatal(name, err)
	}
	return p
}

// decode reads the properties of a resource.
func (s *stack) decode(name string, into any) {
	s.t.Helper()
	text, err := json.Marshal(s.resources[name].Properties)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil || s.resources[name].Type == "" {
		s.t.Fatalf("%s of %s: %v", name, text, err)
	}
}

// enforceOSS refuses what the role of the request's key does not grant.
func (s *stack) enforceOSS(r osstest.Request) *osstest.Fault {
	id := r.AccessKeyID()
	if id == s.oss.Key.ID {
		return nil // the test itself
	}
	requests, known := actionsOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.roles[id] == nil || !known {
		s.unknownRequests = append(s.unknownRequests, fmt.Sprintf("%s %s/%s?%s with %q", r.Method, r.Bucket, r.Key,
			r.Query.Encode(), id))
		return &osstest.Fault{Status: 403, Code: "AccessDenied"}
	}
	for _, request := range requests {
		if !s.roles[id].request(request) {
			return &osstest.Fault{Status: 403, Code: "AccessDenied"}
		}
	}
	if s.hidesMissing && r.Method == "GET" && r.Key != "" && !s.stored(r.Key) {
		return &osstest.Fault{Status: 403, Code: "AccessDenied", Message: "The object may or may not be there."}
	}
	return nil
}

// stored says whether there is an object, without a request.
func (s *stack) stored(key string) bool {
	_, err := os.Stat(filepath.Join(s.dir, s.oss.Bucket, filepath.FromSlash(key)))
	return err == nil
}

// request records a request and whether it is granted.
func (r *role) request(request rampolicy.Request) bool {
	by := r.policy.Allows(request)
	for _, grant := range by {
		r.used[grant]++
	}
	if len(by) == 0 {
		r.denied = append(r.denied, fmt.Sprint(request))
	}
	return len(by) > 0
}

// actionsOf says which actions a request of OSS asks for, by OSS' list of
// actions.
func actionsOf(r osstest.Request) (list []rampolicy.Request, known bool) {
	bucket := "acs:oss:oss-" + region + ":" + account + ":" + r.Bucket
	add := func(action string) {
		list = append(list, rampolicy.Request{Action: action, Resource: bucket + "/" + r.Key})
	}
	switch {
	case r.Key == "" && r.Method == "GET" && r.Query.Get("list-type") == "2":
		return []rampolicy.Request{{Action: "oss:ListObjects", Resource: bucket,
			Context: map[string]string{"oss:Prefix": r.Query.Get("prefix")}}}, true
	case r.Key == "":
		return nil, false
	case r.Method == "GET" && len(r.Query) == 0, r.Method == "HEAD" && len(r.Query) == 0:
		add("oss:GetObject")
	case r.Method == "PUT" && len(r.Query) == 0, r.Method == "POST" && r.Query.Has("append"):
		add("oss:PutObject")
	case r.Method == "DELETE" && len(r.Query) == 0:
		add("oss:DeleteObject")
	}
	for header, action := range map[string]string{"X-Oss-Object-Acl": "oss:PutObjectAcl",
		"X-Oss-Tagging": "oss:PutObjectTagging", "X-Oss-Copy-Source": "oss:CopyObject"} {
		if r.Header.Get(header) != "" {
			add(action)
		}
	}
	return list, len(list) > 0
}

// enforceEHPC is the same for E-HPC, which only the snapshot function asks.
func (s *stack) enforceEHPC(call ehpctest.Call) *ehpctest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := rampolicy.Request{Action: "ehpc:" + call.Action, Resource: "acs:ehpc:" + region + ":" + account + ":*"}
	if !s.roles["SnapshotRole"].request(request) {
		return &ehpctest.Fault{Status: 501, Code: "NoPermission", Message: "You are not authorized."}
	}
	if s.fault != nil {
		return s.fault(call)
	}
	return nil
}

// setFault sets what goes wrong with calls of E-HPC from now on; nil: nothing.
func (s *stack) setFault(fault func(ehpctest.Call) *ehpctest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// setImages sets the images of every scope.
func (s *stack) setImages(version string) {
	for _, q := range []ehpctest.Question{{}, {ClusterID: "ehpc-hz-1"},
		{ClusterID: "ehpc-hz-1", InstanceType: "ecs.c7.large"}} {
		q.RegionID = region
		s.data.ImageLists[q] = fmt.Sprintf(
			`[{"ImageId":"m-stays","Status":"Available"},{"ImageId":"m-%s","Status":"Available"}]`, version)
	}
}

// start runs the binary of a function as the template sets it up.
func (s *stack) start(resource, roleName string) *fctest.Function {
	s.t.Helper()
	var f struct {
		FunctionName, Handler string
		MemorySize, Timeout   int
		EnvironmentVariables  map[string]string
	}
	s.decode(resource, &f)
	o := fctest.Options{Name: f.FunctionName, Region: region, AccountID: account, Memory: f.MemorySize,
		Timeout: time.Duration(f.Timeout) * time.Second}
	for name, value := range f.EnvironmentVariables {
		o.Env = append(o.Env, name+"="+value)
	}
	key := s.roles[roleName].key
	o.Credentials = cloud.Credentials{AccessKeyID: key.ID, AccessKeySecret: key.Secret, SecurityToken: key.Token}
	o.Output = func(line string) {
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
	}
	function, err := fctest.Start(s.t.Context(), fctest.Binary(s.t, "community-images/functions/"+f.Handler), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(function.Stop)
	return function
}

// invoke hands an event to the snapshot function.
func (s *stack) invoke(f *fctest.Function, event string) string {
	s.t.Helper()
	response, err := f.Invoke(s.t.Context(), []byte(event))
	if err != nil || response.Error != nil {
		s.t.Errorf("%s: %v, %v", event, err, response.Error)
	}
	return string(response.Payload)
}

// get asks the query function through FC's HTTP trigger.
func (s *stack) get(f *fctest.Function, target string, status int) {
	s.t.Helper()
	recorder := httptest.NewRecorder()
	f.HTTPHandler().ServeHTTP(recorder, httptest.NewRequest("GET", target, nil))
	if recorder.Code != status {
		s.t.Errorf("%s: %d, want %d: %s", target, recorder.Code, status, recorder.Body)
	}
}

// bucket is the store as the test itself sees it.
func (s *stack) bucket() (*ossbucket.Bucket, archive.Keys) {
	s.t.Helper()
	bucket, err := ossbucket.New(ossbucket.Options{Endpoint: s.oss.URL, Region: s.oss.Region, Bucket: s.oss.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: s.oss.Key.ID, AccessKeySecret: s.oss.Key.Secret,
				SecurityToken: s.oss.Key.Token}, nil
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := archive.NewKeys(prefix)
	if err != nil {
		s.t.Fatal(err)
	}
	return bucket, keys
}

// commitAt commits one image, named after the time, as of that time.
func (s *stack) commitAt(now time.Time) {
	s.t.Helper()
	bucket, keys := s.bucket()
	writer := archive.NewWriter(bucket, keys, func() time.Time { return now })
	base, err := writer.Load(s.t.Context(), region)
	if err != nil {
		s.t.Fatal(err)
	}
	image, err := catalog.ParseImage(fmt.Appendf(nil, `{"ImageId":"m-%d"}`, now.Unix()))
	if err != nil {
		s.t.Fatal(err)
	}
	content := catalog.NewSnapshot(catalog.Scope{RegionID: region}, catalog.At(now), "", []*catalog.Image{image})
	check := archive.Check{Scope: content.Scope, At: catalog.At(now), State: format.StateOK, Snapshot: content}
	if was, ok := base.Scope(content.Scope); ok {
		if check.Before, err = writer.Snapshot(s.t.Context(), content.Scope, was.Digest); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := writer.Commit(s.t.Context(), base,
		archive.Run{StartedAt: catalog.At(now), Checks: []archive.Check{check}}); err != nil {
		s.t.Fatal(err)
	}
}

// remove deletes the objects whose keys end so, as a person might.
func (s *stack) remove(suffix string) {
	s.t.Helper()
	bucket, _ := s.bucket()
	keys, err := bucket.List(s.t.Context(), prefix+"/")
	if err != nil {
		s.t.Fatal(err)
	}
	if !slices.ContainsFunc(keys, func(key string) bool { return strings.HasSuffix(key, suffix) }) {
		s.t.Fatalf("no key ends with %s: %q", suffix, keys)
	}
	for _, key := range keys {
		if strings.HasSuffix(key, suffix) {
			if err := bucket.Delete(s.t.Context(), key); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// backdate lets all objects look as if they were written that long ago.
func (s *stack) backdate(by time.Duration) {
	s.t.Helper()
	then := time.Now().Add(-by)
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, then, then)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
