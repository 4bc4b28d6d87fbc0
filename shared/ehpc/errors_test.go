package ehpc_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/cloud"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
)

func TestClasses(t *testing.T) {
	t.Parallel()
	e := func(status int, code string) ehpctest.Fault {
		return ehpctest.Fault{Status: status, Code: code, Message: "some text"}
	}
	page := func(status int) ehpctest.Fault {
		return ehpctest.Fault{Status: status, Body: []byte("<html>" + strings.Repeat("x", 5000)),
			ContentType: "text/html"}
	}
	header := func(f ehpctest.Fault, name, value string) ehpctest.Fault {
		f.Header = http.Header{name: {value}}
		return f
	}
	for name, tc := range map[string]struct {
		fault ehpctest.Fault
		class ehpc.Class
		retry time.Duration
	}{
		"throttled":            {e(400, "Throttling"), ehpc.Throttled, 0},
		"throttled by user":    {e(429, "Throttling.User"), ehpc.Throttled, 0},
		"throttled by API":     {e(503, "Throttling.UserApi"), ehpc.Throttled, 0},
		"throttled by a proxy": {page(429), ehpc.Throttled, 0},
		"throttled, wait in seconds": {header(e(429, "Throttling"), "Retry-After", "7"), ehpc.Throttled,
			7 * time.Second},
		"throttled, wait in another header": {header(e(429, "Throttling"), "X-Acs-Retry-After", "3"), ehpc.Throttled,
			3 * time.Second},
		"throttled, time left in ms": {header(e(400, "Throttling.User"), "X-RateLimit-User-API",
			"Limit:1,Remain:0,TimeLeft:2000,Reset:1234"), ehpc.Throttled, 2 * time.Second},
		"throttled, a minute's window left": {header(e(429, "Throttling.User"), "X-RateLimit-User",
			"Limit:30,Remain:0,TimeLeft:42000,Reset:1234"), ehpc.Throttled, 42 * time.Second},
		"throttled, time left for ever": {header(e(429, "Throttling.User"), "X-RateLimit-User", "TimeLeft:1e300"),
			ehpc.Throttled, time.Hour},
		"throttled, nonsense": {header(e(429, "Throttling"), "Retry-After", "NaN"), ehpc.Throttled, 0},
		"throttled, for ever": {header(e(429, "Throttling"), "Retry-After", "1e300"), ehpc.Throttled,
			time.Hour},
		"not authorised, E-HPC's own status": {e(407, "NotAuthorized"), ehpc.NotAuthorized, 0},
		"no permission":                      {e(501, "NoPermission"), ehpc.NotAuthorized, 0},
		"forbidden by a policy":              {e(403, "Forbidden.RAM"), ehpc.NotAuthorized, 0},
		"an unknown key":                     {e(404, "InvalidAccessKeyId.NotFound"), ehpc.NotAuthorized, 0},
		"another signature":                  {e(400, "SignatureDoesNotMatch"), ehpc.NotAuthorized, 0},
		"an old token":                       {e(400, "InvalidSecurityToken.Expired"), ehpc.NotAuthorized, 0},
		"a proxy that wants a password":      {page(407), ehpc.NotAuthorized, 0},
		"no such cluster":                    {e(404, "ClusterNotFound"), ehpc.NotFound, 0},
		"no such image":                      {e(404, "ImageNotFound"), ehpc.NotFound, 0},
		"no such cluster, another status":    {e(400, "InvalidClusterId.NotExist"), ehpc.NotFound, 0},
		"not there, says a proxy":            {page(404), ehpc.Invalid, 0},
		"no such action":                     {e(404, "InvalidAction.NotFound"), ehpc.Invalid, 0},
		"bad parameters":                     {e(400, "InvalidParams"), ehpc.Invalid, 0},
		"a fault of ECS":                     {e(406, "EcsError"), ehpc.Temporary, 0},
		"a fault of the database":            {e(406, "DbError"), ehpc.Temporary, 0},
		"a fault nobody knows":               {e(500, "UnknownError"), ehpc.Temporary, 0},
		"out of service":                     {e(503, "ServiceUnavailable"), ehpc.Temporary, 0},
		"a nonce that was sent twice":        {e(400, "SignatureNonceUsed"), ehpc.Temporary, 0},
		"an HTML 502":                        {page(502), ehpc.Temporary, 0},
		"an empty 500":                       {ehpctest.Fault{Status: 500}, ehpc.Temporary, 0},
		"a JSON 500 that is no object":       {ehpctest.Fault{Status: 500, Body: []byte(`[1]`)}, ehpc.Temporary, 0},
		"a JSON 400 of odd types": {ehpctest.Fault{Status: 400,
			Body: []byte(`{"Code":7,"Message":{},"RequestId":null,"AccessDeniedDetail":3}`)}, ehpc.Invalid, 0},
		"a redirect": {header(ehpctest.Fault{Status: 302, Body: []byte("x")}, "Location", "/elsewhere"),
			ehpc.Malformed, 0},
		"nothing changed": {ehpctest.Fault{Status: 304}, ehpc.Malformed, 0},
		"no content":      {ehpctest.Fault{Status: 204}, ehpc.Malformed, 0},
		"an HTML 200":     {page(200), ehpc.Malformed, 0},
		"reset":           {ehpctest.Fault{Reset: true}, ehpc.Temporary, 0},
		"cut":             {ehpctest.Fault{Answer: true, CutAfter: 30}, ehpc.Temporary, 0},
	} {
		endpoint := always(tc.fault)
		_, err := ask(connect(t, endpoint, ehpc.Options{}), here)
		got := fault(t, err)
		if got.Class != tc.class || got.RetryAfter != tc.retry || got.RegionID != "cn-hangzhou" ||
			got.Op != "ListCommunityImages" {
			t.Errorf("%s: %+v", name, got)
		}
		if tc.fault.Status != 0 && got.Status != tc.fault.Status {
			t.Errorf("%s: status %d", name, got.Status)
		}
		if tc.fault.Code != "" && (got.Code != tc.fault.Code || got.Message != "some text" || got.RequestID == "" ||
			got.HostID == "" || got.Recommend == "") {
			t.Errorf("%s: %+v", name, got)
		}
		if n := endpoint.Calls(); n != 1 {
			t.Errorf("%s: %d calls were made", name, n)
		}
		if len(err.Error()) > 1000 {
			t.Errorf("%s: error of %d bytes", name, len(err.Error()))
		}
	}
}

func TestEndpointsOwnRefusals(t *testing.T) {
	t.Parallel()
	endpoint := fixed("")
	for name, tc := range map[string]struct {
		creds cloud.Credentials
		req   ehpc.ImagesRequest
		class ehpc.Class
		code  string
	}{
		"unknown key": {cloud.Credentials{AccessKeyID: "x", AccessKeySecret: "y"}, here, ehpc.NotAuthorized,
			"InvalidAccessKeyId.NotFound"},
		"another secret": {cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "y"}, here, ehpc.NotAuthorized,
			"SignatureDoesNotMatch"},
		"a token too": {cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest",
			SecurityToken: "t"}, here, ehpc.NotAuthorized, "InvalidSecurityToken.Expired"},
		"no key": {cloud.Credentials{}, here, ehpc.NotAuthorized, "NoCredentials"},
		"unknown region": {cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"},
			ehpc.ImagesRequest{RegionID: "xx"}, ehpc.NotFound, "InvalidRegionId.NotFound"},
		"unknown cluster": {cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"},
			ehpc.ImagesRequest{RegionID: "cn-hangzhou", ClusterID: "c"}, ehpc.NotFound, "ClusterNotFound"},
		"a bad region": {cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"},
			ehpc.ImagesRequest{RegionID: "../x"}, ehpc.Invalid, "InvalidRegionId"},
		"no region": {cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"},
			ehpc.ImagesRequest{}, ehpc.Invalid, "InvalidRegionId"},
	} {
		_, err := ask(connect(t, endpoint, ehpc.Options{Credentials: static(tc.creds)}), tc.req)
		if e := fault(t, err); e.Class != tc.class || e.Code != tc.code {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestWrongClockIsRecognised(t *testing.T) {
	t.Parallel()
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou},
		Now: func() time.Time {
			return time.Now().Add(20 * time.Minute)
		}})
	_, err := ask(connect(t, endpoint, ehpc.Options{}), here)
	if e := fault(t, err); e.Class != ehpc.NotAuthorized || !e.ClockSkew() {
		t.Errorf("%+v", e)
	}
}

// Credentials are asked at every call, so a new token works at once.
func TestTokensMayRotate(t *testing.T) {
	t.Parallel()
	endpoint := fixed(`{"RequestId":"r","Images":{"ImageInfo":[]}}`)
	var round atomic.Int64
	c := connect(t, endpoint, ehpc.Options{Credentials: func(context.Context) (cloud.Credentials, error) {
		return cloud.Credentials{AccessKeyID: "STS.x", AccessKeySecret: "s",
			SecurityToken: fmt.Sprint("token-", round.Load())}, nil
	}})
	for i := range int64(3) {
		endpoint.SetKeys(map[string]ehpctest.Key{"STS.x": {Secret: "s", Token: fmt.Sprint("token-", i)}})
		if _, err := ask(c, here); (err != nil) != (i > 0) {
			t.Errorf("round %d before the change: %v", i, err)
		}
		round.Store(i)
		if _, err := ask(c, here); err != nil {
			t.Errorf("round %d: %v", i, err)
		}
	}
}

// Upstream repeats what it got, proxies print anything: none of it may bring
// a secret into an error.
func TestErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	creds := cloud.Credentials{AccessKeyID: "STS.x", AccessKeySecret: "Secret/Of+Sixteen=",
		SecurityToken: "CAIS/token+with=odd chars"}
	echo := func(form string) *ehpctest.Endpoint {
		return always(ehpctest.Fault{Status: 400, Code: "SignatureDoesNotMatch", Message: strings.Repeat("x", 480) +
			form})
	}
	endpoints := map[string]http.Handler{
		"refused by signature": fixed(""),
		"the token as it is":   echo(creds.SecurityToken),
		"the token encoded":    echo("CAIS%2Ftoken%2Bwith%3Dodd+chars"),
		"the token twice":      echo("CAIS%252Ftoken%252Bwith%253Dodd%2Bchars"),
		"the secret":           echo(creds.AccessKeySecret),
		"reset":                always(ehpctest.Fault{Reset: true}),
		"an HTML page":         always(ehpctest.Fault{Status: 502, Body: []byte(creds.AccessKeySecret)}),
		"a 200": always(ehpctest.Fault{
			Body: []byte(`{"Code":"x","Message":"` + creds.AccessKeySecret + `"}`)}),
	}
	for name, h := range endpoints {
		_, err := ask(connect(t, h, ehpc.Options{Credentials: static(creds)}), here)
		text := fmt.Sprintf("%v %+v", err, fault(t, err))
		for _, part := range []string{"Secret", "CAIS", "odd"} {
			if strings.Contains(text, part) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	_, err := ask(connect(t, fixed(""), ehpc.Options{Credentials: func(context.Context) (cloud.Credentials, error) {
		return creds, fmt.Errorf("signing with %s failed", creds.AccessKeySecret)
	}}), here)
	if strings.Contains(err.Error(), "Secret/") {
		t.Error(err)
	}
}

// TestReasons: whatever goes wrong, a person is told what, and no address.
func TestReasons(t *testing.T) {
	t.Parallel()
	refusing := ehpc.Options{Endpoint: "http://127.0.0.1:1"}
	for name, tc := range map[string]struct {
		fault   ehpctest.Fault
		options ehpc.Options
		want    string
	}{
		"upstream's text": {fault: ehpctest.Fault{Status: 403, Code: "Forbidden.RAM", Message: "some text"},
			want: "some text"},
		"a page of a proxy": {fault: ehpctest.Fault{Status: 502, Body: []byte("<html>"), ContentType: "text/html"},
			want: "status 502 and no explanation"},
		"nobody listens":       {options: refusing, want: "dial: connect: connection refused"},
		"the connection ends":  {fault: ehpctest.Fault{Reset: true}, want: "read: connection reset by peer"},
		"the answer ends":      {fault: ehpctest.Fault{Answer: true, CutAfter: 30}, want: "unexpected EOF"},
		"an answer of nothing": {fault: ehpctest.Fault{Status: 200, Body: []byte(`{}`)}, want: "Images"},
	} {
		_, err := ask(connect(t, always(tc.fault), tc.options), here)
		got := fault(t, err).Reason()
		if !strings.Contains(got, tc.want) || strings.Contains(got, "127.0.0.1") {
			t.Errorf("%s: %q, want %q; all of it: %v", name, got, tc.want, err)
		}
	}
	for want, dns := range map[string]net.DNSError{
		`looking up "nowhere.invalid": no such host`: {Err: "no such host", IsNotFound: true},
		`looking up "nowhere.invalid": no answer`: {Err: "read udp 10.0.0.1:40000->10.0.0.2:53: i/o timeout",
			IsTimeout: true},
	} {
		dns.Name, dns.Server = "nowhere.invalid", "10.0.0.2:53"
		e := ehpc.Error{Err: &net.OpError{Op: "dial", Net: "tcp", Err: &dns}}
		if got := e.Reason(); got != want {
			t.Errorf("%v: %q, want %q", e.Err, got, want)
		}
	}
	e := ehpc.Error{Err: &net.OpError{Op: "proxyconnect", Net: "tcp",
		Err: &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 4), Port: 3128},
			Err: net.ErrClosed}}}
	if got, want := e.Reason(), "proxyconnect: dial: "+net.ErrClosed.Error(); got != want {
		t.Errorf("%v: %q, want %q", e.Err, got, want)
	}
}
