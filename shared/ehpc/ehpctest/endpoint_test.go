package ehpctest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/google/go-cmp/cmp"

	"community-images/shared/ehpc/ehpctest"
)

var keys = map[string]ehpctest.Key{"id": {Secret: "secret"}}

// stock is a client as any SDK user has it, of either dialect.
type stock struct {
	core   *openapi.Client
	method string
}

func connect(t *testing.T, h http.Handler, algorithm, method string) stock {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	core, err := openapi.NewClient(&openapi.Config{
		AccessKeyId: dara.String("id"), AccessKeySecret: dara.String("secret"), Protocol: dara.String("HTTP"),
		HttpClient: plainHTTP{},
		Endpoint:   dara.String(strings.TrimPrefix(server.URL, "http://")), SignatureAlgorithm: &algorithm,
	})
	if err != nil {
		t.Fatal(err)
	}
	return stock{core, method}
}

// plainHTTP keeps clients off their process-wide pool, which is not clean
// under the race detector.
type plainHTTP struct{}

func (plainHTTP) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	return http.DefaultClient.Do(r)
}

// call returns the body, or "<status> <code>".
func (s stock) call(action, version string, params ...string) string {
	query := map[string]*string{}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		query[name] = &value
	}
	res, err := s.core.CallApiWithCtx(context.Background(), &openapi.Params{
		Action: &action, Version: &version, Protocol: dara.String("HTTP"), Pathname: dara.String("/"),
		Method:   &s.method,
		AuthType: dara.String("AK"), Style: dara.String("RPC"), ReqBodyType: dara.String("formData"),
		BodyType: dara.String("string"),
	}, &openapi.OpenApiRequest{Query: query}, &dara.RuntimeOptions{})
	var refusal *tea.SDKError
	switch {
	case errors.As(err, &refusal):
		return fmt.Sprint(*refusal.StatusCode, " ", *refusal.Code)
	case err != nil:
		return err.Error()
	}
	body, _ := res["body"].(string)
	return body
}

func fixed() *ehpctest.Fixed {
	f := &ehpctest.Fixed{
		RegionList:   []ehpctest.Region{{RegionID: "cn-hangzhou", LocalName: "China (Hangzhou)"}},
		ClusterLists: map[string][]json.RawMessage{},
		ImageLists: map[ehpctest.Question]string{
			{RegionID: "cn-hangzhou", ClusterID: "c1", InstanceType: "ecs.a"}: `[{"ImageId":"m-1"}]`},
	}
	for i := range 12 {
		f.ClusterLists["cn-hangzhou"] = append(f.ClusterLists["cn-hangzhou"],
			json.RawMessage(fmt.Sprintf(`{"Id":"c%d"}`, i)))
	}
	return f
}

var anyID = regexp.MustCompile(`[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}`)

func TestBothDialectsGetTheSameAnswers(t *testing.T) {
	t.Parallel()
	const v = "2018-04-12"
	for _, dialect := range []struct{ algorithm, method string }{{"ACS3-HMAC-SHA256", "GET"},
		{"ACS3-HMAC-SHA256", "POST"}, {"v2", "GET"}, {"v2", "POST"}} {
		s := connect(t, ehpctest.New(ehpctest.Options{Data: fixed(), Keys: keys}), dialect.algorithm, dialect.method)
		for _, tc := range []struct{ got, want string }{
			{s.call("ListRegions", v, "RegionId=cn-hangzhou"),
				`{"RequestId":"ID","Regions":{"RegionInfo":[{"LocalName":"China (Hangzhou)","RegionId":"cn-hangzhou"}]}}`},
			{s.call("ListCommunityImages", v, "RegionId=cn-hangzhou", "ClusterId=c1", "InstanceType=ecs.a"),
				`{"RequestId":"ID","Images":{"ImageInfo":[{"ImageId":"m-1"}]}}`},
			{s.call("ListCommunityImages", v, "RegionId=cn-hangzhou"), `{"RequestId":"ID","Images":{"ImageInfo":[]}}`},
			{s.call("ListClusters", v, "RegionId=cn-hangzhou", "PageSize=5", "PageNumber=3"),
				`{"PageSize":5,"RequestId":"ID","PageNumber":3,"TotalCount":12,"Clusters":{"ClusterInfoSimple":[{"Id":"c10"},` +
					`{"Id":"c11"}]}}`},
			{s.call("ListClusters", v, "RegionId=cn-hangzhou", "PageNumber=9"),
				`{"PageSize":10,"RequestId":"ID","PageNumber":9,"TotalCount":12,"Clusters":{"ClusterInfoSimple":[]}}`},
			{s.call("ListClusters", v, "RegionId=cn-hangzhou", "PageSize=51"), "400 InvalidParams"},
			{s.call("ListClusters", v, "RegionId=cn-hangzhou", "PageNumber=0"), "400 InvalidParams"},
			{s.call("ListClusters", v, "RegionId=cn-hangzhou", "PageNumber=x"), "400 InvalidParams"},
			{s.call("ListCommunityImages", v, "RegionId=cn-hangzhou", "ClusterId=c2"), "404 ClusterNotFound"},
			{s.call("ListCommunityImages", v), "400 MissingParameter"},
			{s.call("ListCommunityImages", v, "RegionId=xx"), "404 InvalidRegionId.NotFound"},
			{s.call("ListCommunityImages", "2014-05-26", "RegionId=cn-hangzhou"), "400 InvalidVersion"},
			{s.call("ListCommunityImages", "", "RegionId=cn-hangzhou"), "400 MissingParameter"},
			{s.call("DeleteClusters", v, "RegionId=cn-hangzhou"), "404 InvalidAction.NotFound"},
			{s.call("", v, "RegionId=cn-hangzhou"), "400 MissingAction"},
		} {
			if got := anyID.ReplaceAllString(tc.got, "ID"); got != tc.want {
				t.Errorf("%s %s: %s, want %s", dialect.algorithm, dialect.method, got, tc.want)
			}
		}
	}
}

func TestErrorsHaveTheShapeOfEHPC(t *testing.T) {
	t.Parallel()
	endpoint := ehpctest.New(ehpctest.Options{Data: fixed(), Keys: keys})
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, httptest.NewRequest(http.MethodGet,
		"http://ehpc.cn-hangzhou.aliyuncs.com/?Action=ListRegions&Version=2018-04-12", nil))
	var body struct{ RequestId, HostId, Code, Message, Recommend string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if w.Code != 400 || body.Code != "MissingParameter" || !strings.Contains(body.Message, "AccessKeyId") ||
		!anyID.MatchString(body.RequestId) ||
		body.HostId != "ehpc.cn-hangzhou.aliyuncs.com" || !strings.Contains(body.Recommend, body.RequestId) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The endpoint checks what it is sent as strictly as a server must, so that a
// client that signs wrongly fails here first.
func TestEveryCallIsChecked(t *testing.T) {
	t.Parallel()
	late := func() time.Time { return time.Now().Add(16 * time.Minute) }
	for name, tc := range map[string]struct {
		keys map[string]ehpctest.Key
		now  func() time.Time
		want string
	}{
		"the key": {keys, nil, ""},
		"a key without a token": {map[string]ehpctest.Key{"id": {Secret: "secret", Token: "token"}}, nil,
			"400 InvalidSecurityToken.Expired"},
		"another secret": {map[string]ehpctest.Key{"id": {Secret: "other"}}, nil, "400 SignatureDoesNotMatch"},
		"another key": {map[string]ehpctest.Key{"other": {Secret: "secret"}}, nil,
			"404 InvalidAccessKeyId.NotFound"},
		"a clock that is late": {keys, late, "400 InvalidTimeStamp.Expired"},
		"no keys":              {nil, nil, "404 InvalidAccessKeyId.NotFound"},
	} {
		for _, algorithm := range []string{"ACS3-HMAC-SHA256", "v2"} {
			endpoint := ehpctest.New(ehpctest.Options{Data: fixed(), Keys: tc.keys, Now: tc.now})
			got := connect(t, endpoint, algorithm, "GET").call("ListRegions", "2018-04-12", "RegionId=cn-hangzhou")
			if ok := strings.Contains(got, "RegionInfo"); ok != (tc.want == "") || !ok && got != tc.want {
				t.Errorf("%s, %s: %s, want %q", name, algorithm, got, tc.want)
			}
		}
	}
}

func TestRequestIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	endpoint := ehpctest.New(ehpctest.Options{Data: fixed(), Keys: keys})
	var again string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		endpoint.ServeHTTP(w, r)
		second := httptest.NewRecorder()
		endpoint.ServeHTTP(second, r)
		again = second.Body.String()
	})
	if got := connect(t, h, "ACS3-HMAC-SHA256", "GET").call("ListRegions", "2018-04-12",
		"RegionId=cn-hangzhou"); !strings.Contains(got, "RegionInfo") ||
		!strings.Contains(again, "SignatureNonceUsed") {
		t.Errorf("first %s, second %s", got, again)
	}
}

func TestWhatWasAskedIsCounted(t *testing.T) {
	t.Parallel()
	endpoint := ehpctest.New(ehpctest.Options{Data: fixed(), Keys: keys, Fault: func(c ehpctest.Call) *ehpctest.Fault {
		if c.Action == "ListClusters" && c.Try < 3 {
			return &ehpctest.Fault{Status: 503, Code: "ServiceUnavailable"}
		}
		return nil
	}})
	s := connect(t, endpoint, "ACS3-HMAC-SHA256", "GET")
	for range 3 {
		s.call("ListClusters", "2018-04-12", "RegionId=cn-hangzhou", "PageNumber=1")
	}
	if got := s.call("ListCommunityImages", "2018-04-12", "RegionId=cn-hangzhou", "ClusterId=c1",
		"InstanceType=ecs.a"); !strings.Contains(got, "m-1") {
		t.Error(got)
	}
	want := []string{"ListClusters cn-hangzhou 1", "ListClusters cn-hangzhou 1", "ListClusters cn-hangzhou 1",
		"ListCommunityImages cn-hangzhou c1 ecs.a"}
	if diff := cmp.Diff(want, endpoint.DrainCallNames()); diff != "" {
		t.Error(diff)
	}
	if endpoint.Calls() != 4 || endpoint.MostInFlight() != 1 || len(endpoint.DrainCallNames()) != 0 {
		t.Errorf("%d calls, %d at once", endpoint.Calls(), endpoint.MostInFlight())
	}
}

// The faults that no HTTP client library reports by a status.
func TestFaultsOfTheConnection(t *testing.T) {
	t.Parallel()
	get := func(f ehpctest.Fault) (string, error) {
		server, err := ehpctest.Listen(ehpctest.New(
			ehpctest.Options{Data: fixed(), Keys: keys, Fault: func(ehpctest.Call) *ehpctest.Fault {
				return &f
			}}))
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Get(server.URL)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Content-Type"), " ", string(body)), err
	}
	for name, tc := range map[string]struct {
		fault     ehpctest.Fault
		want, err string
	}{
		"reset": {ehpctest.Fault{Reset: true}, "", "reset|EOF"},
		"cut": {ehpctest.Fault{Body: []byte("0123456789"), CutAfter: 4},
			"200 application/json;charset=utf-8 0123", "unexpected EOF"},
		"drip": {ehpctest.Fault{Body: []byte("012"), Drip: time.Microsecond},
			"200 application/json;charset=utf-8 012", ""},
		"cut of the answer": {ehpctest.Fault{Answer: true, CutAfter: 3}, `400 application/json;charset=utf-8 {"R`,
			"unexpected EOF"},
		"HTML": {ehpctest.Fault{Status: 502, Body: []byte("<html>"), ContentType: "text/html"},
			"502 text/html <html>", ""},
		"nothing at all": {ehpctest.Fault{Status: 500}, "500  ", ""},
		"an empty 200":   {ehpctest.Fault{Body: []byte{}}, "200 application/json;charset=utf-8 ", ""},
		"a header of choice": {ehpctest.Fault{Status: 429, Body: []byte("x"),
			Header: http.Header{"content-length": {"1"}}}, "429 application/json;charset=utf-8 x", ""},
	} {
		got, err := get(tc.fault)
		if got != tc.want || (err == nil) != (tc.err == "") || err != nil &&
			!regexp.MustCompile(tc.err).MatchString(err.Error()) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
