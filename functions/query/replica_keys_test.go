package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
)

var (
	fullKey = accessKey{"CIeveryone", "6Hq2vN8xRk3TzWp9LcYd4BmG"}
	limited = accessKey{"CIlimited", "q7Zs1XeUv5JtNa8RfKw3PhLo"}
)

const captured = "ehpc-sh-Xk41pQ77Rz" // the cluster that limited may see

func accessKeys() string {
	return fmt.Sprintf(
		`QUERY_ACCESS_KEYS=[{"name":"everyone","id":%q,"secret":%q},`+
			`{"name":"limited","id":%q,"secret":%q,"regions":["cn-shanghai"],"clusters":[%q]}]`,
		fullKey.id, fullKey.secret, limited.id, limited.secret, captured)
}

// TestOfficialClientsWithKeys drives the vendor's clients, which sign, against
// the real binary, which checks.
func TestOfficialClientsWithKeys(t *testing.T) {
	t.Parallel()
	u := newEHPCFixture(t)
	u.runSnapshot()
	open, closed := u.startReplica(), u.startReplica(accessKeys())
	where := map[string]string{"RegionId": "cn-shanghai", "ClusterId": captured}
	odd := map[string]string{"RegionId": "cn-shanghai", "ClusterId": captured, "BaseOsTag": "a b+c*d~e/f?g&h=i%20é\"<>"}
	for name, c := range map[string]client{
		"GET": rpcClient("GET", "JSON"), "POST": rpcClient("POST", "JSON"), "headers, GET": headerClient("GET"),
		"headers, POST": headerClient("POST"),
		"a form": rpcClient("POST", "JSON", func(r *requests.CommonRequest) {
			r.FormParams, r.QueryParams = r.QueryParams, map[string]string{"RegionId": r.QueryParams["RegionId"]}
			delete(r.FormParams, "RegionId") // which the SDK always puts into the query
		}),
	} {
		status, body := c(t, open, asker, "ListCommunityImages", where)
		want := parseReply(t, status, body)
		for who, p := range map[string]accessKey{"everyone": fullKey, "limited": limited} {
			status, body := c(t, closed, p, "ListCommunityImages", where)
			if diff := diffEntries(want, parseReply(t, status, body)); diff != "" {
				t.Errorf("%s, %s: %s", name, who, diff)
			}
			status, body = c(t, closed+"/at/1/", p, "ListCommunityImages", where)
			if diff := diffEntries(want, parseReply(t, status, body)); diff != "" {
				t.Errorf("%s, %s, frozen: %s", name, who, diff)
			}
			if status, body := c(t, closed, p, "ListCommunityImages", odd); status != 200 ||
				!strings.Contains(body, `"ImageInfo":[]`) {
				t.Errorf("%s, %s, odd characters: %d %.300s", name, who, status, body)
			}
		}
		for what, row := range map[string]struct {
			who    accessKey
			params map[string]string
			status int
			code   string
		}{
			"another secret":  {accessKey{fullKey.id, "x"}, where, 400, "SignatureDoesNotMatch"},
			"an unknown key":  {asker, where, 404, "InvalidAccessKeyId.NotFound"},
			"another cluster": {limited, map[string]string{"ClusterId": "ehpc-sh-tR5uJ3nE6c"}, 404, "ClusterNotFound"},
			"no such cluster": {limited, map[string]string{"ClusterId": "ehpc-sh-none"}, 404, "ClusterNotFound"},
			"another region": {limited, map[string]string{"RegionId": "cn-hangzhou"}, 404,
				"InvalidRegionId.NotFound"},
			"no such region":   {limited, map[string]string{"RegionId": "cn-none"}, 404, "InvalidRegionId.NotFound"},
			"without clusters": {limited, nil, 407, "NotAuthorized"},
		} {
			if status, body := c(t, closed, row.who, "ListCommunityImages", row.params); status != row.status ||
				!strings.Contains(body, `"Code":"`+row.code+`"`) {
				t.Errorf("%s, %s: %d %.300s, want %d %s", name, what, status, body, row.status, row.code)
			}
		}
		if status, body := c(t, closed, limited, "ListClusters", nil); status != 200 ||
			!strings.Contains(body, `"TotalCount":1,`) || !strings.Contains(body, captured) ||
			strings.Contains(body, "edu-lab") {
			t.Errorf("%s, clusters: %d %s", name, status, body)
		}
		if status, body := c(t, closed, limited, "ListRegions", nil); status != 200 ||
			strings.Contains(body, "cn-hangzhou") {
			t.Errorf("%s, regions: %d %s", name, status, body)
		}
	}
	// A generated client has its path built in and takes parameters for every call.
	status, body := headerClient("GET", func(c *openapi.Config) {
		c.GlobalParameters = &openapi.GlobalParameters{Queries: map[string]*string{"at": dara.String("1")}}
	})(t, closed, limited, "ListClusters", nil)
	if status != 200 || strings.Contains(body, "VpcId") || !strings.Contains(body, captured) {
		t.Errorf("frozen by a global parameter: %d %s", status, body)
	}
	// The lookups are closed to whoever has no token.
	for target, want := range map[string]int{"/v1/images": 401, "/?Action=ListRegions&Version=2018-04-12": 400,
		"/healthz": 200} {
		resp, err := http.Get(closed + target)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, resp.StatusCode, want)
		}
	}
}

// The SDK under the CLI understands our refusals as it does upstream's: it
// compares the string to sign with its own and tells its user that the secret
// is wrong.
func TestSDKUnderstandsRefusals(t *testing.T) {
	t.Parallel()
	u := newEHPCFixture(t)
	u.runSnapshot()
	replica := u.startReplica(accessKeys())
	call := func(who accessKey, token, format string) sdkerrors.ServerError {
		t.Helper()
		c := newSDK(t, "cn-shanghai", who, token)
		r := requests.NewCommonRequest()
		r.Scheme, r.Domain, r.Product, r.Version, r.ApiName, r.AcceptFormat = "http", strings.TrimPrefix(replica,
			"http://"), "EHPC", "2018-04-12", "ListClusters", format
		_, err := c.ProcessCommonRequest(r)
		refusal, ok := err.(*sdkerrors.ServerError)
		if !ok {
			t.Fatalf("%v is no refusal", err)
		}
		return *refusal
	}
	wrong := call(accessKey{fullKey.id, "x"}, "", "JSON")
	if wrong.ErrorCode() != "SignatureDoesNotMatch" || wrong.HttpStatus() != 400 ||
		!strings.HasPrefix(wrong.Recommend(), "InvalidAccessKeySecret") || wrong.RequestId() == "" {
		t.Errorf("%s: %s", wrong.Error(), wrong.Recommend())
	}
	if e := call(fullKey, "token", "JSON"); !strings.HasPrefix(e.ErrorCode(), "InvalidSecurityToken.") ||
		!strings.Contains(e.Recommend(), "not taken here") {
		t.Errorf("%s: %s", e.Error(), e.Recommend())
	}
	if e := call(asker, "", "JSON"); e.ErrorCode() != "InvalidAccessKeyId.NotFound" || e.HttpStatus() != 404 {
		t.Error(e.Error())
	}
}

// A call of the aliyun CLI (v3) is one of alibaba-cloud-sdk-go's CommonRequest.
// This holds what it puts on the wire, so that a change of either is noticed.
func TestShapeOfTheCLI(t *testing.T) {
	t.Parallel()
	var method, path string
	var query, form url.Values
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		method, path, query, form, header = r.Method, r.URL.Path, r.URL.Query(), r.PostForm, r.Header
		_, _ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	for _, sent := range []string{"GET", "POST"} {
		rpcClient(sent, "JSON")(t, server.URL+"/at/17", fullKey, "ListCommunityImages",
			map[string]string{"RegionId": "cn-shanghai", "ClusterId": captured})
		if method != sent || path != "/at/17/" || len(form) > 0 || header.Get("Authorization") != "" ||
			header.Get("x-acs-action") != "ListCommunityImages" {
			t.Errorf("%s %s %v %v", method, path, form, header)
		}
		for name, value := range map[string]string{"Action": "ListCommunityImages", "Version": "2018-04-12",
			"Format": "JSON", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureType": "",
			"AccessKeyId": fullKey.id, "RegionId": "cn-shanghai", "ClusterId": captured} {
			if !query.Has(name) || query.Get(name) != value {
				t.Errorf("%s: %s is %q", sent, name, query[name])
			}
		}
		if len(query) != 12 || query.Get("Signature") == "" || query.Get("SignatureNonce") == "" ||
			query.Get("Timestamp") == "" {
			t.Errorf("%s: %v", sent, query)
		}
	}
}
