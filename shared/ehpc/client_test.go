package ehpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
)

var keys = map[string]ehpctest.Key{"LTAItest": {Secret: "the-secret/of+LTAItest"}}

func static(c cloud.Credentials) func(context.Context) (cloud.Credentials, error) {
	return func(context.Context) (cloud.Credentials, error) { return c, nil }
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
		o.Credentials = static(cloud.Credentials{AccessKeyID: "LTAItest", AccessKeySecret: "the-secret/of+LTAItest"})
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

var hangzhou = []ehpctest.Region{{RegionID: "cn-hangzhou", LocalName: "China (Hangzhou)"},
	{RegionID: "cn-shanghai", LocalName: "China (Shanghai)"}}

// fixed is an endpoint that answers the question without a cluster with body.
func fixed(body string) *ehpctest.Endpoint {
	return ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou,
		Bodies: map[ehpctest.Question]string{{RegionID: "cn-hangzhou"}: body}}})
}

// always is an endpoint on which every call meets a fault.
func always(f ehpctest.Fault) *ehpctest.Endpoint {
	return ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou},
		Fault: func(ehpctest.Call) *ehpctest.Fault {
			return &f
		}})
}

var here = ehpc.ImagesRequest{RegionID: "cn-hangzhou"}

// ask fetches and decodes.
func ask(c *ehpc.Client, req ehpc.ImagesRequest) ([]*catalog.Image, error) {
	a, err := c.ListCommunityImages(context.Background(), req)
	if err != nil {
		return nil, err
	}
	return a.Decode(new(catalog.Interner))
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
	images, err := a.Decode(new(catalog.Interner))
	if err != nil {
		t.Fatal(err)
	}
	want := []*catalog.Image{{
		Raw: `{"BaseOsTag":{"Architecture":"x86_64","OsTag":"CentOS_7.2_64","Platform":"CentOS","Version":"7.2"},` +
			`"Description":"ExampleDescription",` +
			`"ImageId":"m-bp181x855551ww5yq****","ImageName":"linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0",` +
			`"ImageOwnerAlias":"self",` +
			`"OsTag":{"Architecture":"x86_64","BaseOsTag":"CentOS_7.2_64","OsTag":"CentOS_7.2_64","Platform":"CentOS",` +
			`"Version":"7.2"},` +
			`"PostInstallScript":"example.sh","PricingCycle":"Month","ProductCode":"cmjj028279","Size":40,"SkuCode":"ECS",` +
			`"Status":"Available","Uid":"127****"}`,
		ImageID: "m-bp181x855551ww5yq****", Number: 1,
	}}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Error(diff)
	}
}

func TestParametersArriveAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	q := ehpctest.Question{RegionID: "cn-shanghai", ClusterID: "ehpc-sh-1", InstanceType: "ecs.n1.tiny",
		BaseOsTag: "CentOS_7.2_64"}
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys,
		Data: &ehpctest.Fixed{RegionList: hangzhou,
			ImageLists: map[ehpctest.Question]string{q: `[{"ImageId":"m-1"}]`}}})
	images, err := ask(connect(t, endpoint, ehpc.Options{UserAgent: "test"}), ehpc.ImagesRequest(q))
	if err != nil || len(images) != 1 || images[0].ImageID != "m-1" {
		t.Errorf("%v, %v", images, err)
	}
	if got := strings.Join(endpoint.DrainCallNames(),
		";"); got != "ListCommunityImages cn-shanghai ehpc-sh-1 ecs.n1.tiny CentOS_7.2_64" {
		t.Errorf("asked: %s", got)
	}
}

func TestListRegions(t *testing.T) {
	t.Parallel()
	got, err := connect(t, fixed(""), ehpc.Options{}).ListRegions(context.Background(), "cn-hangzhou")
	want := []ehpc.Region{{RegionID: "cn-hangzhou", LocalName: "China (Hangzhou)"},
		{RegionID: "cn-shanghai", LocalName: "China (Shanghai)"}}
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
		"nothing":                " ",
		"null":                   "null",
		"an array":               `[{"ImageId":"m-1"}]`,
		"HTML":                   "<html><body>502</body></html>",
		"no Images":              `{"RequestId":"r"}`,
		"Images is null":         `{"RequestId":"r","Images":null}`,
		"Images is empty":        `{"RequestId":"r","Images":{}}`,
		"Images is an array":     `{"RequestId":"r","Images":[{"ImageId":"m-1"}]}`,
		"Images in lower case":   `{"RequestId":"r","images":{"ImageInfo":[]}}`,
		"ImageInfo is null":      `{"RequestId":"r","Images":{"ImageInfo":null}}`,
		"ImageInfo is an object": `{"RequestId":"r","Images":{"ImageInfo":{}}}`,
		"ImageInfo is text":      `{"RequestId":"r","Images":{"ImageInfo":"[]"}}`,
		"an entry is null":       `{"RequestId":"r","Images":{"ImageInfo":[null]}}`,
		"an entry has no id": `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},` +
			`{"Status":"Available"}]}}`,
		"cut in the middle":        `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},{"Imag`,
		"cut before the end":       `{"RequestId":"r","Images":{"ImageInfo":[]}`,
		"cut inside, end in place": `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1]}}`,
		"something after the end":  `{"RequestId":"r","Images":{"ImageInfo":[]}}}`,
		"a second answer after the first": `{"RequestId":"r","Images":{"ImageInfo":[]}}{"RequestId":"r",` +
			`"Images":{"ImageInfo":[]}}`,
		"Images twice": `{"RequestId":"r","Images":{"ImageInfo":[]},` +
			`"Images":{"ImageInfo":[{"ImageId":"m-1"}]}}`,
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
	if images, err := ask(connect(t, fixed(`{"RequestId":"r","Images":{"ImageInfo":[]}}`), ehpc.Options{}),
		here); err != nil || len(images) != 0 {
		t.Errorf("an empty list: %v, %v", images, err)
	}
}

// A 200 may carry an error that is worth another try.
func TestErrorInA200IsClassifiedByItsCode(t *testing.T) {
	t.Parallel()
	_, err := ask(connect(t, fixed(`{"RequestId":"r","Code":"Throttling.User","Message":"slow down"}`), ehpc.Options{}),
		here)
	if e := fault(t, err); e.Class != ehpc.Throttled || e.Code != "Throttling.User" || e.RequestID != "r" ||
		e.Message != "slow down" {
		t.Errorf("%+v", e)
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
		if e := fault(t, err); e.Class != ehpc.Temporary || e.Code != "CallTimeout" ||
			errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestCallersContextEndsTheCall(t *testing.T) {
	t.Parallel()
	reached := make(chan func(), 1)
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: &ehpctest.Fixed{RegionList: hangzhou},
		Fault: func(ehpctest.Call) *ehpctest.Fault {
			(<-reached)()
			return &ehpctest.Fault{Delay: time.Minute}
		}})
	c := connect(t, endpoint, ehpc.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	reached <- cancel
	_, err := c.ListCommunityImages(ctx, here)
	if e := fault(t, err); e.Class != ehpc.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %+v", e)
	}
	late := until{context.Background(), make(chan struct{})}
	reached <- func() { close(late.happens) }
	_, err = c.ListCommunityImages(late, here)
	if e := fault(t, err); e.Class != ehpc.Canceled || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %+v", e)
	}
}

// until is a context whose deadline is when happens is closed.
type until struct {
	context.Context
	happens chan struct{}
}

func (u until) Done() <-chan struct{} { return u.happens }

func (u until) Err() error {
	select {
	case <-u.happens:
		return context.DeadlineExceeded
	default:
		return nil
	}
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
	endpoint := ehpctest.New(ehpctest.Options{Keys: keys, Data: ehpctest.NewSized("cn-hangzhou", 50, 20, 100),
		Latency: time.Millisecond})
	server, err := ehpctest.Listen(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c := connect(t, endpoint, ehpc.Options{Endpoint: server.URL, MaxIdle: workers})
	var in catalog.Interner
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range calls {
		group.Go(func() error {
			a, err := c.ListCommunityImages(context.Background(),
				ehpc.ImagesRequest{RegionID: "cn-hangzhou", ClusterID: fmt.Sprintf("ehpc-hz-%010d", i%50)})
			if err == nil {
				_, err = a.Decode(&in)
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
	ok := static(cloud.Credentials{AccessKeyID: "a", AccessKeySecret: "b"})
	for _, endpoint := range []string{"ehpc.aliyuncs.com", "ftp://x", "http://", "http://u:p@x", "http://x/path",
		"http://x?a=b", "://", "http://x#f"} {
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
