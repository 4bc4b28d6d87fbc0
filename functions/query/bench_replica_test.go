package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"

	"community-images/shared/fcrun/fctest"
)

// replicaLookups are questions that both interfaces take, as the query of
// /v1/images and as upstream's parameters.
var replicaLookups = []struct {
	name   string
	lookup func(c *testRegion, n int) string
	params func(c *testRegion, n int) map[string]string
}{
	{"whole list", func(c *testRegion, n int) string { return formatTarget("ClusterId=%s&limit=1000", c.clusterID(n)) },
		func(c *testRegion, n int) map[string]string { return map[string]string{"ClusterId": c.clusterID(n)} }},
	{"repeated list", func(c *testRegion, _ int) string {
		return formatTarget("ClusterId=%s&limit=1000", c.clusterID(0))
	},
		func(c *testRegion, _ int) map[string]string { return map[string]string{"ClusterId": c.clusterID(0)} }},
	{"by BaseOsTag", func(c *testRegion, n int) string {
		return formatTarget("ClusterId=%s&limit=1000&BaseOsTag=CentOS_7.6_64", c.clusterID(n))
	}, func(c *testRegion, n int) map[string]string {
		return map[string]string{"ClusterId": c.clusterID(n), "BaseOsTag": "CentOS_7.6_64"}
	}},
}

const benchToken = "token-of-the-benchmark"

// BenchmarkReplica compares a lookup through the replica, signature check
// included, with the same lookup through /v1/images with a token: one process,
// taking turns. The goal is 1.25 for p50 and CPU.
func BenchmarkReplica(b *testing.B) {
	c := newBenchRegion(b, smallRegion)
	q := c.startFunction(b, buildQuery(b), accessKeys(),
		fmt.Sprintf(`QUERY_TOKENS=[{"name":"bench","sha256":"%x"}]`, sha256.Sum256([]byte(benchToken))))
	bearer := http.Header{"Authorization": {"Bearer " + benchToken}}
	for n := range c.clusters {
		invokeFor(b, q, newEvent(b, "/v1/images?limit=1&ClusterId="+c.clusterID(n), bearer), 200)
	}
	var table []string
	for _, l := range replicaLookups {
		for name, sign := range map[string]func(testing.TB, map[string]string) []byte{"query": signedQuery,
			"headers": signedHeaders} {
			b.Run(l.name+", "+name, func(b *testing.B) {
				lookup, question := invokeFor(b, q, newEvent(b, "/v1/images?"+l.lookup(c, 0), bearer),
					200), invokeFor(b, q, sign(b, l.params(c, 0)), 200)
				if n := len(question.Body) - len(lookup.Body); n > 0 || n < -1000 {
					b.Fatalf("answers of %d and %d bytes are not to the same question", len(lookup.Body),
						len(question.Body))
				}
				p50, cpu := compareAlternating(b, q, func(n int) []byte {
					return newEvent(b, "/v1/images?"+l.lookup(c, n), bearer)
				}, func(n int) []byte { return sign(b, l.params(c, n)) })
				b.ReportMetric(0, "ns/op") // of both together: means nothing
				b.ReportMetric(p50, "x-p50")
				b.ReportMetric(cpu, "x-cpu")
				table = append(table, fmt.Sprintf("%-14s %-8s %5.2f %5.2f", l.name, name, p50, cpu))
			})
		}
	}
	slices.Sort(table)
	fmt.Printf("\nreplica, times /v1/images, goal 1.25:\n%-14s %-8s %5s %5s\n%s\n\n", "lookup", "dialect", "p50", "cpu",
		strings.Join(table, "\n"))
}

// compareAlternating sends batches of two kinds of events and compares them: ratios of the
// median times, and of the processor time.
func compareAlternating(b *testing.B, q *fctest.Function, base, other func(n int) []byte) (p50, cpu float64) {
	first, second := &measurements{f: q}, &measurements{f: q}
	var ratios []float64
	n := 1
	round := func() {
		events := [2][][]byte{}
		for range batchSize {
			events[0], events[1] = append(events[0], base(n)), append(events[1], other(n))
			n++
		}
		median := first.measureBatch(b, events[0])
		ratios = append(ratios, float64(second.measureBatch(b, events[1]))/float64(median))
	}
	round()
	*first, *second, ratios = measurements{f: q}, measurements{f: q}, nil // that was for warmth
	for b.Loop() {
		round()
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2], float64(second.cpu) / float64(first.cpu)
}

// signedQuery is the event of a request that alibaba-cloud-sdk-go signs.
func signedQuery(tb testing.TB, params map[string]string) []byte {
	c := newSDK(tb, region, fullKey, "")
	held := &eventRecorder{tb: tb}
	c.SetTransport(held)
	r := requests.NewCommonRequest()
	r.Scheme, r.Domain, r.Method, r.AcceptFormat = "http", "function.example", "GET", "JSON"
	r.Product, r.Version, r.ApiName = "EHPC", "2018-04-12", "ListCommunityImages"
	for name, value := range params {
		r.QueryParams[name] = value
	}
	_, _ = c.ProcessCommonRequest(r) // its answer is made up
	return held.event
}

// signedHeaders is the event of a request that darabonba-openapi signs.
func signedHeaders(tb testing.TB, params map[string]string) []byte {
	held := &eventRecorder{tb: tb}
	c, err := openapi.NewClient(&openapi.Config{AccessKeyId: dara.String(fullKey.id),
		AccessKeySecret: dara.String(fullKey.secret), HttpClient: held, Protocol: dara.String("HTTP"),
		Endpoint: dara.String("function.example")})
	if err != nil {
		tb.Fatal(err)
	}
	query := map[string]*string{"RegionId": dara.String(region)}
	for name, value := range params {
		query[name] = dara.String(value)
	}
	_, _ = c.CallApiWithCtx(context.Background(), &openapi.Params{
		Action: dara.String("ListCommunityImages"), Version: dara.String("2018-04-12"), Protocol: dara.String("HTTP"),
		Pathname: dara.String("/"), Method: dara.String("GET"),
		AuthType: dara.String("AK"), Style: dara.String("RPC"), ReqBodyType: dara.String("formData"),
		BodyType: dara.String("none"),
	}, &openapi.OpenApiRequest{Query: query}, &dara.RuntimeOptions{})
	return held.event
}

// eventRecorder is a transport that keeps the request as FC's trigger would hand it on.
type eventRecorder struct {
	tb    testing.TB
	event []byte
}

// RoundTrip implements http.RoundTripper.
func (h *eventRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	if h.event, err = fctest.HTTPEvent(r, fctest.NewRequestID()); err != nil {
		h.tb.Fatal(err)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte("{}"))),
		Request: r}, nil
}

// Call implements the transport of darabonba-openapi.
func (h *eventRecorder) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	return h.RoundTrip(r)
}
