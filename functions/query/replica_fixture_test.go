package main

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	gocmp "github.com/google/go-cmp/cmp"

	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

// ehpcFixture is an E-HPC that drifts, and the two functions that copy it.
type ehpcFixture struct {
	t        testing.TB
	world    *ehpctest.Simulation
	url      string // of E-HPC
	oss      *osstest.Endpoint
	snapshot *fctest.Function
}

// accessKey is an access key, of E-HPC or of the replica.
type accessKey struct{ id, secret string }

var asker = accessKey{"LTAIasker", "secret-of-asker"} // E-HPC's

func newEHPCFixture(t testing.TB) *ehpcFixture {
	world := ehpctest.NewSimulation(7)
	return newEHPCFixtureWith(t, world, world)
}

// newEHPCFixtureWith is an upstream that shows data of a world.
func newEHPCFixtureWith(t testing.TB, world *ehpctest.Simulation, data ehpctest.Data) *ehpcFixture {
	u := &ehpcFixture{t: t, world: world, oss: osstest.Start(t, "")}
	server, err := ehpctest.Listen(ehpctest.New(ehpctest.Options{Data: data, Keys: map[string]ehpctest.Key{
		u.oss.Key.ID: {Secret: u.oss.Key.Secret, Token: u.oss.Key.Token}, asker.id: {Secret: asker.secret},
	}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	u.url = server.URL
	u.snapshot = u.startFunction("snapshot", "EHPC_ENDPOINT="+u.url, "SNAPSHOT_QPS=1000", "SNAPSHOT_SHRINK_GUARD=100")
	return u
}

func (u *ehpcFixture) startFunction(name string, env ...string) *fctest.Function {
	u.t.Helper()
	f, err := fctest.Start(u.t.Context(), fctest.Binary(u.t, "community-images/functions/"+name), fctest.Options{
		Env: append(env, "OSS_ENDPOINT="+u.oss.URL, "OSS_BUCKET="+u.oss.Bucket, "EHPC_REGIONS="+
			strings.Join(u.regionIDs(), ",")),
		Credentials: cloud.Credentials{AccessKeyID: u.oss.Key.ID, AccessKeySecret: u.oss.Key.Secret,
			SecurityToken: u.oss.Key.Token},
	})
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(f.Stop)
	return f
}

// startReplica starts the query function behind an HTTP trigger and returns its URL.
func (u *ehpcFixture) startReplica(env ...string) string {
	server := httptest.NewServer(u.startFunction("query", append(env, "QUERY_HEAD_TTL=0s")...).HTTPHandler())
	u.t.Cleanup(server.Close)
	return server.URL
}

func (u *ehpcFixture) regionIDs() (ids []string) {
	for _, r := range u.world.Regions() {
		ids = append(ids, r.RegionID)
	}
	return ids
}

// runSnapshot lets the snapshot function run and returns the number of the last
// commit of each region.
func (u *ehpcFixture) runSnapshot() map[string]int64 {
	u.t.Helper()
	r, err := u.snapshot.Invoke(u.t.Context(), []byte("{}"))
	if err != nil || r.Error != nil {
		u.t.Fatal(err, r.Error)
	}
	var report struct {
		Regions []struct {
			RegionID string `json:"RegionId"`
			Sequence int64
		}
	}
	if err := json.Unmarshal(r.Payload, &report); err != nil {
		u.t.Fatal(err)
	}
	commits := map[string]int64{}
	for _, region := range report.Regions {
		commits[region.RegionID] = region.Sequence
	}
	return commits
}

// allQuestions are the scopes that a run asks about, in the clusters of now.
func (u *ehpcFixture) allQuestions() (list []ehpctest.Question) {
	for _, region := range u.regionIDs() {
		list = append(list, ehpctest.Question{RegionID: region})
	}
	for _, raw := range u.world.Clusters("") {
		var c struct {
			ID           string `json:"Id"`
			RegionID     string `json:"RegionId"`
			InstanceType string
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			u.t.Fatal(err)
		}
		list = append(list, ehpctest.Question{RegionID: c.RegionID, ClusterID: c.ID},
			ehpctest.Question{RegionID: c.RegionID, ClusterID: c.ID, InstanceType: c.InstanceType})
	}
	return list
}

// questionParameters are those of a question as clients send them.
func questionParameters(q ehpctest.Question) map[string]string {
	params := map[string]string{}
	for name, value := range map[string]string{"RegionId": q.RegionID, "ClusterId": q.ClusterID,
		"InstanceType": q.InstanceType, "BaseOsTag": q.BaseOsTag} {
		if value != "" {
			params[name] = value
		}
	}
	return params
}

// client is an official client that sends a call and returns the status and
// the body of the answer.
type client func(t testing.TB, url string, who accessKey, action string, params map[string]string) (int, string)

// rpcClient is alibaba-cloud-sdk-go, which the aliyun CLI is made of: signature
// version 1.0. edit may change the request.
func rpcClient(method, format string, edit ...func(*requests.CommonRequest)) client {
	return func(t testing.TB, url string, who accessKey, action string, params map[string]string) (int, string) {
		t.Helper()
		c := newSDK(t, params["RegionId"], who, "")
		r := requests.NewCommonRequest()
		r.Scheme, r.Domain, _ = strings.Cut(url, "://")
		if r.Domain == "" {
			t.Fatal(url)
		}
		r.Domain = strings.TrimPrefix(r.Domain, "//")
		r.Product, r.Version, r.ApiName, r.Method, r.AcceptFormat = "EHPC", "2018-04-12", action, method, format
		for name, value := range params {
			r.QueryParams[name] = value
		}
		for _, f := range edit {
			f(r)
		}
		answer, err := c.ProcessCommonRequest(r)
		if err != nil && (answer == nil || answer.GetHttpStatus() == 0) {
			t.Fatal(err)
		}
		return answer.GetHttpStatus(), answer.GetHttpContentString()
	}
}

// newSDK returns a client of alibaba-cloud-sdk-go; token is empty but for a
// temporary key.
func newSDK(t testing.TB, region string, who accessKey, token string) *sdk.Client {
	t.Helper()
	var provider credentials.CredentialsProvider = credentials.NewStaticAKCredentialsProvider(who.id, who.secret)
	if token != "" {
		provider = credentials.NewStaticSTSCredentialsProvider(who.id, who.secret, token)
	}
	c, err := sdk.NewClientWithOptions(region, sdk.NewConfig(), provider)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// headerClient is darabonba-openapi, the core of the current SDKs:
// ACS3-HMAC-SHA256. A path in url goes where a client has it, into Pathname.
func headerClient(method string, edit ...func(*openapi.Config)) client {
	return func(t testing.TB, url string, who accessKey, action string, params map[string]string) (int, string) {
		t.Helper()
		scheme, host, _ := strings.Cut(url, "://")
		host, path, _ := strings.Cut(host, "/")
		watch := &recordingTransport{}
		config := &openapi.Config{AccessKeyId: &who.id, AccessKeySecret: &who.secret, HttpClient: watch,
			Protocol: &scheme, Endpoint: &host}
		for _, f := range edit {
			f(config)
		}
		c, err := openapi.NewClient(config)
		if err != nil {
			t.Fatal(err)
		}
		request := &openapi.OpenApiRequest{Query: map[string]*string{}}
		for name, value := range params {
			request.Query[name] = dara.String(value)
		}
		if method == http.MethodPost {
			request.Query = nil
			form := map[string]any{}
			for name, value := range params {
				form[name] = value
			}
			request.Body = form
		}
		_, _ = c.CallApiWithCtx(context.Background(), &openapi.Params{
			Action: &action, Version: dara.String("2018-04-12"), Protocol: &scheme, Pathname: dara.String("/" + path),
			Method:   &method,
			AuthType: dara.String("AK"), Style: dara.String("RPC"), ReqBodyType: dara.String("formData"),
			BodyType: dara.String("none"),
		}, request, &dara.RuntimeOptions{})
		if watch.err != nil {
			t.Fatal(watch.err)
		}
		return watch.status, watch.body
	}
}

// recordingTransport sees what a client is answered. It also keeps the client off its
// process-wide pool, which is not clean under the race detector.
type recordingTransport struct {
	status int
	body   string
	err    error
}

// Call implements the client's transport.
func (w *recordingTransport) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(r)
	if w.err = err; err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	w.status, w.body, w.err = resp.StatusCode, string(body), err
	resp.Body = io.NopCloser(strings.NewReader(w.body))
	return resp, err
}

// parseReply is an answer without its RequestId. Lists are brought into one order,
// for upstream promises none and the archive has its own.
func parseReply(t testing.TB, status int, body string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(body), &doc); err != nil || status != 200 {
		t.Fatalf("%d %.300s: %v", status, body, err)
	}
	if id, _ := doc["RequestId"].(string); id == "" {
		t.Errorf("no RequestId in %.300s", body)
	}
	delete(doc, "RequestId")
	for _, outer := range doc {
		inner, _ := outer.(map[string]any)
		for _, list := range inner {
			if list, ok := list.([]any); ok {
				slices.SortFunc(list, func(a, b any) int { return cmp.Compare(entryID(a), entryID(b)) })
			}
		}
	}
	return doc
}

// entryID is the id of an entry of any of the lists.
func entryID(entry any) string {
	for _, name := range []string{"ImageId", "Id", "RegionId"} {
		if id, ok := entry.(map[string]any)[name].(string); ok {
			return id
		}
	}
	return ""
}

// diffEntries compares two replies; cmp.Diff takes its time even where they are equal.
func diffEntries(a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	diff := gocmp.Diff(a, b)
	return diff[:min(len(diff), 2000)]
}
