package ehpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
)

var keys = map[string]ehpctest.Key{"LTAItest": {Secret: "the-secret/of+LTAItest"}}

func static(c ehpc.Credentials) func(context.Context) (ehpc.Credentials, error) {
	return func(context.Context) (ehpc.Credentials, error) { return c, nil }
}

// connect serves h for the length of a test and returns a client of it.
func connect(t testing.TB, h http.Handler, o ehpc.Options) *ehpc.Client {
	t.Helper()
	server, err := ehpctest.Listen(h)
	if err != nil {
		t.Fatal(err)
	}
	if o.Endpoint == "" {
		o.Endpoint = server.URL
	}
	if o.Credentials == nil {
		o.Credentials = static(ehpc.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"})
	}
	c, err := ehpc.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		_ = server.Close()
	})
	return c
}

var hangzhou = []ehpctest.Region{{RegionID: "cn-hangzhou", LocalName: "China (Hangzhou)"}, {RegionID: "cn-shanghai", LocalName: "China (Shanghai)"}}

// fixed is an endpoint that answers the question without a cluster with body.
func fixed(body string) *ehpctest.Endpoint {
	return ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou,
		Bodies: map[ehpctest.Question]string{{RegionID: "cn-hangzhou"}: body}}})
}

// always is an endpoint on which every call meets a fault.
func always(f ehpctest.Fault) *ehpctest.Endpoint {
	return ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou}, Fault: func(ehpctest.Call) *ehpctest.Fault { return &f }})
}

var here = ehpc.ImagesRequest{RegionID: "cn-hangzhou"}

// ask fetches and decodes.
func ask(c *ehpc.Client, req ehpc.ImagesRequest) ([]*catalog.Image, error) {
	a, err := c.ListCommunityImages(context.Background(), req)
	if err != nil {
		return nil, err
	}
	return a.Images(new(catalog.Interner))
}

// fault is the *Error in err, which must be one.
func fault(t *testing.T, err error) *ehpc.Error {
	t.Helper()
	var e *ehpc.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v (%T) is no *ehpc.Error", err, err)
	}
	return e
}

func TestSampleOfTheReferencePage(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := connect(t, fixed(string(sample)), ehpc.Options{}).ListCommunityImages(context.Background(), here)
	if err != nil {
		t.Fatal(err)
	}
	if a.RequestID != "04F0F334-1335-436C-A1D7-6C044FE73368" {
		t.Errorf("request id is %q", a.RequestID)
	}
	images, err := a.Images(new(catalog.Interner))
	if err != nil {
		t.Fatal(err)
	}
	tag := catalog.OsTag{Platform: "CentOS", OsTag: "CentOS_7.2_64", Version: "7.2", Architecture: "x86_64"}
	withBase := tag
	withBase.BaseOsTag = "CentOS_7.2_64"
	want := []*catalog.Image{{
		Raw: `{"BaseOsTag":{"Architecture":"x86_64","OsTag":"CentOS_7.2_64","Platform":"CentOS","Version":"7.2"},"Description":"ExampleDescription",` +
			`"ImageId":"m-bp181x855551ww5yq****","ImageName":"linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0","ImageOwnerAlias":"self",` +
			`"OsTag":{"Architecture":"x86_64","BaseOsTag":"CentOS_7.2_64","OsTag":"CentOS_7.2_64","Platform":"CentOS","Version":"7.2"},` +
			`"PostInstallScript":"example.sh","PricingCycle":"Month","ProductCode":"cmjj028279","Size":40,"SkuCode":"ECS","Status":"Available","Uid":"127****"}`,
		ImageID: "m-bp181x855551ww5yq****", ImageName: "linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0", Status: "Available",
		Description: "ExampleDescription", ImageOwnerAlias: "self", SkuCode: "ECS", PricingCycle: "Month", ProductCode: "cmjj028279",
		UID: "127****", PostInstallScript: "example.sh", Size: 40, HasSize: true, BaseOsTag: tag, OsTag: withBase,
	}}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Error(diff)
	}
}

func TestParametersArriveAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	q := ehpctest.Question{RegionID: "cn-shanghai", ClusterID: "ehpc-sh-1", InstanceType: "ecs.n1.tiny", BaseOsTag: "CentOS_7.2_64"}
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou, ImageLists: map[ehpctest.Question]string{q: `[{"ImageId":"m-1"}]`}}})
	images, err := ask(connect(t, endpoint, ehpc.Options{UserAgent: "test"}), ehpc.ImagesRequest(q))
	if err != nil || len(images) != 1 || images[0].ImageID != "m-1" {
		t.Errorf("%v, %v", images, err)
	}
	if got := strings.Join(endpoint.Asked(), ";"); got != "ListCommunityImages cn-shanghai ehpc-sh-1 ecs.n1.tiny CentOS_7.2_64" {
		t.Errorf("asked: %s", got)
	}
}

func TestListRegions(t *testing.T) {
	t.Parallel()
	got, err := connect(t, fixed(""), ehpc.Options{}).ListRegions(context.Background(), "cn-hangzhou")
	want := []ehpc.Region{{RegionID: "cn-hangzhou", LocalName: "China (Hangzhou)"}, {RegionID: "cn-shanghai", LocalName: "China (Shanghai)"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestFingerprintsFollowTheImagesAlone(t *testing.T) {
	t.Parallel()
	print := func(body string) string {
		a, err := connect(t, fixed(body), ehpc.Options{}).ListCommunityImages(context.Background(), here)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return a.Fingerprint
	}
	const images = `{"ImageInfo":[{"ImageId":"m-1"}]}`
	want := print(`{"RequestId":"A","Images":` + images + `}`)
	for _, body := range []string{
		`{"RequestId":"B-2","Images":` + images + `}`,
		`{"Images":` + images + `,"RequestId":"C"}`,
		`{"Images":` + images + `}`,
		"\n{ \"RequestId\" : \"D\" ,\n\"Images\" : " + images + " }\n",
		`{"RequestId":"an \" odd one","Images":` + images + `}`,
		`{"RequestId":"E","Images":` + images + `,"TotalCount":1}`,
		`{"TotalCount":1,"Images":` + images + `}`,
	} {
		if got := print(body); got != want {
			t.Errorf("%s has another fingerprint", body)
		}
	}
	if got := print(`{"RequestId":"A","Images":{"ImageInfo":[{"ImageId":"m-2"}]}}`); got == want {
		t.Error("other images have the same fingerprint")
	}
}

func TestAnswersThatAreNotOfTheDocumentedShape(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                              " ",
		"null":                                 "null",
		"an array":                             `[{"ImageId":"m-1"}]`,
		"HTML":                                 "<html><body>502</body></html>",
		"no Images":                            `{"RequestId":"r"}`,
		"Images is null":                       `{"RequestId":"r","Images":null}`,
		"Images is empty":                      `{"RequestId":"r","Images":{}}`,
		"Images is an array":                   `{"RequestId":"r","Images":[{"ImageId":"m-1"}]}`,
		"Images in lower case":                 `{"RequestId":"r","images":{"ImageInfo":[]}}`,
		"ImageInfo is null":                    `{"RequestId":"r","Images":{"ImageInfo":null}}`,
		"ImageInfo is an object":               `{"RequestId":"r","Images":{"ImageInfo":{}}}`,
		"ImageInfo is text":                    `{"RequestId":"r","Images":{"ImageInfo":"[]"}}`,
		"an entry is null":                     `{"RequestId":"r","Images":{"ImageInfo":[null]}}`,
		"an entry has no id":                   `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},{"Status":"Available"}]}}`,
		"cut in the middle":                    `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},{"Imag`,
		"cut before the end":                   `{"RequestId":"r","Images":{"ImageInfo":[]}`,
		"cut inside, end in place":             `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1]}}`,
		"something after the end":              `{"RequestId":"r","Images":{"ImageInfo":[]}}}`,
		"a second answer after the first":      `{"RequestId":"r","Images":{"ImageInfo":[]}}{"RequestId":"r","Images":{"ImageInfo":[]}}`,
		"Images twice":                         `{"RequestId":"r","Images":{"ImageInfo":[]},"Images":{"ImageInfo":[{"ImageId":"m-1"}]}}`,
		"ImageInfo twice":                      `{"RequestId":"r","Images":{"ImageInfo":[],"ImageInfo":[{"ImageId":"m-1"}]}}`,
		"an error in a 200":                    `{"RequestId":"r","Code":"SomethingNew","Message":"m"}`,
		"an error after the images":            `{"RequestId":"r","Images":{"ImageInfo":[]},"Code":"SomethingNew"}`,
		"an error disguised as images":         `{"RequestId":"r","Images":{"ImageInfo":[]},"Code":{"ImageInfo":[]}}`,
		"a comma too many":                     `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},]}}`,
		"the list ends in the string of an id": `{"Images":{"ImageInfo":[]},"RequestId":"r\"}`,
	} {
		images, err := ask(connect(t, fixed(body), ehpc.Options{}), here)
		if err == nil {
			t.Errorf("%s: taken for %d images", name, len(images))
			continue
		}
		if e := fault(t, err); e.Class != ehpc.Malformed || e.Status != http.StatusOK || e.Code == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if images, err := ask(connect(t, fixed(`{"RequestId":"r","Images":{"ImageInfo":[]}}`), ehpc.Options{}), here); err != nil || len(images) != 0 {
		t.Errorf("an empty list: %v, %v", images, err)
	}
}

// A 200 may carry an error that is worth another try.
func TestErrorInA200IsClassifiedByItsCode(t *testing.T) {
	t.Parallel()
	_, err := ask(connect(t, fixed(`{"RequestId":"r","Code":"Throttling.User","Message":"slow down"}`), ehpc.Options{}), here)
	if e := fault(t, err); e.Class != ehpc.Throttled || e.Code != "Throttling.User" || e.RequestID != "r" || e.Message != "slow down" {
		t.Errorf("%+v", e)
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	e := func(status int, code string) ehpctest.Fault {
		return ehpctest.Fault{Status: status, Code: code, Message: "some text"}
	}
	page := func(status int) ehpctest.Fault {
		return ehpctest.Fault{Status: status, Body: []byte("<html>" + strings.Repeat("x", 5000)), ContentType: "text/html"}
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
		"throttled":                          {e(400, "Throttling"), ehpc.Throttled, 0},
		"throttled by user":                  {e(429, "Throttling.User"), ehpc.Throttled, 0},
		"throttled by API":                   {e(503, "Throttling.UserApi"), ehpc.Throttled, 0},
		"throttled by a proxy":               {page(429), ehpc.Throttled, 0},
		"throttled, wait in seconds":         {header(e(429, "Throttling"), "Retry-After", "7"), ehpc.Throttled, 7 * time.Second},
		"throttled, wait in another header":  {header(e(429, "Throttling"), "X-Acs-Retry-After", "3"), ehpc.Throttled, 3 * time.Second},
		"throttled, time left in ms":         {header(e(400, "Throttling.User"), "X-RateLimit-User-API", "Limit:1,Remain:0,TimeLeft:2000,Reset:1234"), ehpc.Throttled, 2 * time.Second},
		"throttled, nonsense":                {header(e(429, "Throttling"), "Retry-After", "NaN"), ehpc.Throttled, 0},
		"throttled, for ever":                {header(e(429, "Throttling"), "Retry-After", "1e300"), ehpc.Throttled, time.Hour},
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
		"a JSON 400 of odd types":            {ehpctest.Fault{Status: 400, Body: []byte(`{"Code":7,"Message":{},"RequestId":null,"AccessDeniedDetail":3}`)}, ehpc.Invalid, 0},
		"a redirect":                         {header(ehpctest.Fault{Status: 302, Body: []byte("x")}, "Location", "/elsewhere"), ehpc.Malformed, 0},
		"nothing changed":                    {ehpctest.Fault{Status: 304}, ehpc.Malformed, 0},
		"no content":                         {ehpctest.Fault{Status: 204}, ehpc.Malformed, 0},
		"an HTML 200":                        {page(200), ehpc.Malformed, 0},
		"reset":                              {ehpctest.Fault{Reset: true}, ehpc.Temporary, 0},
		"cut":                                {ehpctest.Fault{Answer: true, CutAfter: 30}, ehpc.Temporary, 0},
	} {
		endpoint := always(tc.fault)
		_, err := ask(connect(t, endpoint, ehpc.Options{}), here)
		got := fault(t, err)
		if got.Class != tc.class || got.RetryAfter != tc.retry || got.RegionID != "cn-hangzhou" || got.Op != "ListCommunityImages" {
			t.Errorf("%s: %+v", name, got)
		}
		if tc.fault.Status != 0 && got.Status != tc.fault.Status {
			t.Errorf("%s: status %d", name, got.Status)
		}
		if tc.fault.Code != "" && (got.Code != tc.fault.Code || got.Message != "some text" || got.RequestID == "" || got.HostID == "" || got.Recommend == "") {
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
		creds ehpc.Credentials
		req   ehpc.ImagesRequest
		class ehpc.Class
		code  string
	}{
		"unknown key":     {ehpc.Credentials{AccessKeyID: "x", AccessKeySecret: "y"}, here, ehpc.NotAuthorized, "InvalidAccessKeyId.NotFound"},
		"another secret":  {ehpc.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "y"}, here, ehpc.NotAuthorized, "SignatureDoesNotMatch"},
		"a token too":     {ehpc.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest", SecurityToken: "t"}, here, ehpc.NotAuthorized, "InvalidSecurityToken.Expired"},
		"no key":          {ehpc.Credentials{}, here, ehpc.NotAuthorized, "NoCredentials"},
		"unknown region":  {ehpc.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"}, ehpc.ImagesRequest{RegionID: "xx"}, ehpc.NotFound, "InvalidRegionId.NotFound"},
		"unknown cluster": {ehpc.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"}, ehpc.ImagesRequest{RegionID: "cn-hangzhou", ClusterID: "c"}, ehpc.NotFound, "ClusterNotFound"},
		"a bad region":    {ehpc.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"}, ehpc.ImagesRequest{RegionID: "../x"}, ehpc.Invalid, "InvalidRegionId"},
		"no region":       {ehpc.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"}, ehpc.ImagesRequest{}, ehpc.Invalid, "InvalidRegionId"},
	} {
		_, err := ask(connect(t, endpoint, ehpc.Options{Credentials: static(tc.creds)}), tc.req)
		if e := fault(t, err); e.Class != tc.class || e.Code != tc.code {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestWrongClockIsRecognised(t *testing.T) {
	t.Parallel()
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou}, Now: func() time.Time { return time.Now().Add(20 * time.Minute) }})
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
	c := connect(t, endpoint, ehpc.Options{Credentials: func(context.Context) (ehpc.Credentials, error) {
		return ehpc.Credentials{AccessKeyID: "STS.x", AccessKeySecret: "s", SecurityToken: fmt.Sprint("token-", round.Load())}, nil
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
	creds := ehpc.Credentials{AccessKeyID: "STS.x", AccessKeySecret: "Secret/Of+Sixteen=", SecurityToken: "CAIS/token+with=odd chars"}
	echo := func(form string) *ehpctest.Endpoint {
		return always(ehpctest.Fault{Status: 400, Code: "SignatureDoesNotMatch", Message: strings.Repeat("x", 480) + form})
	}
	endpoints := map[string]http.Handler{
		"refused by signature": fixed(""),
		"the token as it is":   echo(creds.SecurityToken),
		"the token encoded":    echo("CAIS%2Ftoken%2Bwith%3Dodd+chars"),
		"the token twice":      echo("CAIS%252Ftoken%252Bwith%253Dodd%2Bchars"),
		"the secret":           echo(creds.AccessKeySecret),
		"reset":                always(ehpctest.Fault{Reset: true}),
		"an HTML page":         always(ehpctest.Fault{Status: 502, Body: []byte(creds.AccessKeySecret)}),
		"a 200":                always(ehpctest.Fault{Body: []byte(`{"Code":"x","Message":"` + creds.AccessKeySecret + `"}`)}),
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
	_, err := ask(connect(t, fixed(""), ehpc.Options{Credentials: func(context.Context) (ehpc.Credentials, error) {
		return creds, fmt.Errorf("signing with %s failed", creds.AccessKeySecret)
	}}), here)
	if strings.Contains(err.Error(), "Secret/") {
		t.Error(err)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	big := `{"RequestId":"r","Images":{"ImageInfo":[` + strings.Repeat(" ", 5000) + `]}}`
	for name, h := range map[string]http.Handler{
		"announced": fixed(big),
		"unannounced": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(big[:2500]))
			w.(http.Flusher).Flush()
			_, _ = w.Write([]byte(big[2500:]))
		}),
	} {
		_, err := ask(connect(t, h, ehpc.Options{MaxBody: int64(len(big)) - 1}), here)
		if e := fault(t, err); e.Class != ehpc.Malformed || e.Code != "AnswerTooLarge" {
			t.Errorf("%s: %+v", name, e)
		}
		if _, err := ask(connect(t, h, ehpc.Options{MaxBody: int64(len(big))}), here); err != nil {
			t.Errorf("%s, exactly the bound: %v", name, err)
		}
	}
}

func TestSlowAnswersEndWithTheCall(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]ehpctest.Fault{
		"no answer":             {Delay: time.Minute},
		"a byte at a time":      {Answer: true, Drip: 50 * time.Millisecond},
		"an error byte by byte": {Status: 500, Code: "UnknownError", Drip: 50 * time.Millisecond},
	} {
		_, err := ask(connect(t, always(f), ehpc.Options{CallTimeout: 100 * time.Millisecond}), here)
		if e := fault(t, err); e.Class != ehpc.Temporary || e.Code != "CallTimeout" || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestCallersContextEndsTheCall(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 1)
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou}, Fault: func(ehpctest.Call) *ehpctest.Fault {
		reached <- struct{}{}
		return &ehpctest.Fault{Delay: time.Minute}
	}})
	c := connect(t, endpoint, ehpc.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-reached
		cancel()
	}()
	_, err := c.ListCommunityImages(ctx, here)
	if e := fault(t, err); e.Class != ehpc.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %+v", e)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = c.ListCommunityImages(ctx, here)
	if e := fault(t, err); e.Class != ehpc.Canceled || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %+v", e)
	}
	<-reached
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	server, err := ehpctest.Listen(fixed(""))
	if err != nil {
		t.Fatal(err)
	}
	_ = server.Close()
	_, err = ask(connect(t, fixed(""), ehpc.Options{Endpoint: server.URL}), here)
	if e := fault(t, err); e.Class != ehpc.Temporary || e.Status != 0 || strings.Contains(err.Error(), "nonce") {
		t.Errorf("%+v", e)
	}
}

func TestWorkersShareClientAndConnections(t *testing.T) {
	t.Parallel()
	const workers, calls = 32, 600
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: ehpctest.NewSized("cn-hangzhou", 50, 20, 100), Latency: time.Millisecond})
	server, err := ehpctest.Listen(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c := connect(t, endpoint, ehpc.Options{Endpoint: server.URL})
	var in catalog.Interner
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range calls {
		group.Go(func() error {
			a, err := c.ListCommunityImages(context.Background(), ehpc.ImagesRequest{RegionID: "cn-hangzhou", ClusterID: fmt.Sprintf("ehpc-hz-%010d", i%50)})
			if err == nil {
				_, err = a.Images(&in)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := server.Connections(); n > workers {
		t.Errorf("%d connections for %d workers", n, workers)
	}
	if n := endpoint.MostInFlight(); n > workers {
		t.Errorf("%d calls at once", n)
	}
	if n := endpoint.Calls(); n != calls {
		t.Errorf("%d calls", n)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	ok := static(ehpc.Credentials{AccessKeyID: "a", AccessKeySecret: "b"})
	for _, endpoint := range []string{"ehpc.aliyuncs.com", "ftp://x", "http://", "http://u:p@x", "http://x/path", "http://x?a=b", "://", "http://x#f"} {
		if _, err := ehpc.New(ehpc.Options{Endpoint: endpoint, Credentials: ok}); err == nil {
			t.Errorf("endpoint %q is taken", endpoint)
		}
	}
	for _, endpoint := range []string{"", "http://127.0.0.1:80", "https://ehpc-vpc.cn-hangzhou.aliyuncs.com/"} {
		if _, err := ehpc.New(ehpc.Options{Endpoint: endpoint, Credentials: ok}); err != nil {
			t.Errorf("endpoint %q: %v", endpoint, err)
		}
	}
	if _, err := ehpc.New(ehpc.Options{}); err == nil {
		t.Error("no credentials are needed")
	}
}
