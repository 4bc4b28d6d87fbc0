package ehpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

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
	// A call can begin to dial just before another one gives its connection back.
	if n := server.Connections(); n > 2*workers {
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
