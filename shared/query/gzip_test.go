package query_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"community-images/shared/query"
)

func TestGzip(t *testing.T) {
	t.Parallel()
	w := fleet(t, 2, 300, 300)
	h := w.handler(func(o *query.Options) { o.Gzip = true })
	for _, target := range []string{"/v1/images?ClusterId=*&limit=1000", "/v1/images?ClusterId=*&limit=1000&format=csv", "/v1/clusters?RegionId=cn-hangzhou", "/openapi.json"} {
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
		if get(h, target, "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding") != "" {
			t.Errorf("%s is compressed for a caller that refuses it", target)
		}
	}
}
