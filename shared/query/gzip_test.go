package query_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

func TestGzip(t *testing.T) {
	t.Parallel()
	w := querytest.NewLargeRegion(t, 2, 300, 300)
	h := w.Handler(func(o *query.Options) { o.Gzip = true })
	for _, target := range []string{"/v1/images?ClusterId=*&limit=1000", "/v1/images?ClusterId=*&limit=1000&format=csv",
		"/v1/clusters?RegionId=cn-hangzhou", "/openapi.json"} {
		plain := get(h, target)
		for range 2 { // rendered, then from memory
			rec := get(h, target, "Accept-Encoding", "br, gzip;q=0.5")
			if rec.Header().Get("Content-Encoding") != "gzip" {
				if rec.Body.Len() > 2000 {
					t.Fatalf("%s is not compressed", target)
				}
				continue
			}
			r, err := gzip.NewReader(bytes.NewReader(rec.Body.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			r.Multistream(false)
			data, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(data, plain.Body.Bytes()) {
				t.Fatalf("%s: %v, %d bytes of %d", target, err, len(data), plain.Body.Len())
			}
			tag := rec.Header().Get("ETag")
			if tag == plain.Header().Get("ETag") || !strings.HasSuffix(tag, `-gzip"`) {
				t.Errorf("%s: two representations share the tag %s", target, tag)
			}
			for _, known := range []string{tag, plain.Header().Get("ETag")} {
				if rec := get(h, target, "Accept-Encoding", "gzip", "If-None-Match", known); rec.Code != 304 {
					t.Errorf("%s with %s: %d", target, known, rec.Code)
				}
			}
		}
		for accept, want := range map[string]string{
			"": "", "br": "", "gzip;q=0": "", "*, gzip;q=0": "", "gzip;q=0, *": "", "identity, gzip;q=0.5": "",
			"gzip;q=none": "",
			"GZIP":        "gzip", "x-gzip": "gzip", "*": "gzip", "identity;q=0.5, gzip": "gzip",
			"identity;q=0, *;q=0.1": "gzip",
		} {
			rec := get(h, target, "Accept-Encoding", accept)
			if want != "" { // unless it is too small
				want = get(h, target, "Accept-Encoding", "gzip").Header().Get("Content-Encoding")
			}
			if got := rec.Header().Get("Content-Encoding"); got != want ||
				rec.Header().Get("Vary") != "Accept, Accept-Encoding" {
				t.Errorf("%s with Accept-Encoding %q: %q %v", target, accept, got, rec.Header())
			}
			head := sendRequest(h, http.MethodHead, target, http.Header{"Accept-Encoding": {accept}})
			if diff := cmp.Diff(rec.Header(), head.Header()); diff != "" || head.Body.Len() != 0 || head.Code != 200 {
				t.Errorf("HEAD %s with Accept-Encoding %q (-GET +HEAD):\n%s", target, accept, diff)
			}
		}
	}
}
