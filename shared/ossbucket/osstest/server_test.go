package osstest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/google/go-cmp/cmp"
)

// both runs a test in memory and on a directory.
func both(t *testing.T, test func(t *testing.T, e *Endpoint)) {
	t.Run("memory", func(t *testing.T) { t.Parallel(); test(t, Start(t, "")) })
	t.Run("directory", func(t *testing.T) { t.Parallel(); test(t, Start(t, t.TempDir())) })
}

func TestHeadersOfAnObject(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, e *Endpoint) {
		b := client(t, e, nil)
		var put, appended http.Header
		if err := b.PutObject("a.json", strings.NewReader("hello"), oss.ContentType("application/json"),
			oss.GetResponseHeader(&put)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.AppendObject("l.ndjson", strings.NewReader("hel"), 0,
			oss.ContentType("application/x-ndjson")); err != nil {
			t.Fatal(err)
		}
		if _, err := b.AppendObject("l.ndjson", strings.NewReader("lo"), 3,
			oss.GetResponseHeader(&appended)); err != nil {
			t.Fatal(err)
		}
		const etag = `"5D41402ABC4B2A76B9719D911017C592"`
		if got := pick(put, "ETag X-Oss-Hash-Crc64ecma X-Amz-Id-2 Server"); got != etag+" "+crc64Text([]byte("hello"))+
			" - AliyunOSS" {
			t.Errorf("PUT answers %s", got)
		}
		if got := pick(appended, "X-Oss-Next-Append-Position X-Oss-Hash-Crc64ecma"); got != "5 "+
			crc64Text([]byte("hello")) {
			t.Errorf("POST answers %s", got)
		}
		for key, want := range map[string]string{
			"a.json":   etag + " 5 application/json Normal -",
			"l.ndjson": etag + " 5 application/x-ndjson Appendable 5",
		} {
			meta, err := b.GetObjectDetailedMeta(key)
			if err != nil {
				t.Fatal(err)
			}
			if got := pick(meta,
				"ETag Content-Length Content-Type X-Oss-Object-Type X-Oss-Next-Append-Position"); got != want {
				t.Errorf("HEAD %s answers %s, want %s", key, got, want)
			}
			if meta.Get("X-Oss-Request-Id") == "" || meta.Get("Last-Modified") == "" {
				t.Errorf("HEAD %s answers %v", key, meta)
			}
		}
	})
}

// TestCRC is the check value of CRC-64/XZ, the one that OSS uses.
func TestCRC(t *testing.T) {
	t.Parallel()
	if got, want := crc64Text([]byte("123456789")), "11051210869376104954"; got != want {
		t.Errorf("CRC-64 %s, want %s", got, want)
	}
}

func pick(h http.Header, names string) string {
	var values []string
	for name := range strings.FieldsSeq(names) {
		value := h.Get(name)
		if value == "" {
			value = "-"
		}
		values = append(values, value)
	}
	return strings.Join(values, " ")
}

func TestErrorDocuments(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, e *Endpoint) {
		b := client(t, e, nil)
		if err := b.PutObject("normal", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		other := client(t, &Endpoint{Server: e.Server, URL: e.URL, Bucket: "no-such-bucket", Region: e.Region,
			Key: e.Key}, nil)
		get := func(b *oss.Bucket, key string, options ...oss.Option) error {
			_, err := b.GetObject(key, options...)
			return err
		}
		appendAt := func(key string, at int64) error {
			_, err := b.AppendObject(key, strings.NewReader("x"), at)
			return err
		}
		_, listErr := b.ListObjects(oss.MaxKeys(1001))
		for name, c := range map[string]struct {
			err  error
			want string
		}{
			"a missing key":    {get(b, "none"), "404 NoSuchKey 0026-00000001"},
			"a missing bucket": {get(other, "none"), "404 NoSuchBucket 0015-00000101"},
			"a put to no bucket": {other.PutObject("k", strings.NewReader("x")),
				"404 NoSuchBucket 0015-00000101"},
			"a taken key": {b.PutObject("normal", strings.NewReader("y"), oss.ForbidOverWrite(true)),
				"409 FileAlreadyExists 0026-00000002"},
			"a normal object":     {appendAt("normal", 1), "409 ObjectNotAppendable 0026-00000017"},
			"a wrong position":    {appendAt("new", 1), "409 PositionNotEqualToLength 0026-00000016"},
			"a negative position": {appendAt("new", -1), "400 InvalidArgument 0016-00000501"},
			"a range beyond the end": {get(b, "normal", oss.NormalizedRange("1-"), oss.RangeBehavior("standard")),
				"416 InvalidRange "},
			"a key with a slash first": {b.PutObject("/k", strings.NewReader("x")), "400 InvalidObjectName "},
			"a key that is too long": {b.PutObject(strings.Repeat("k", 1024), strings.NewReader("x")),
				"400 InvalidObjectName "},
			"a wrong MD5":     {b.PutObject("k", strings.NewReader("x"), oss.ContentMD5("AAAA")), "400 InvalidDigest "},
			"too long a page": {listErr, "400 InvalidArgument "},
		} {
			service, ok := c.err.(oss.ServiceError)
			if got := fmt.Sprint(service.StatusCode, " ", service.Code, " ", service.Ec); !ok || got != c.want {
				t.Errorf("%s: %v, want %s", name, c.err, c.want)
			}
			if service.RequestID == "" || service.HostID == "" || service.Message == "" {
				t.Errorf("%s: %+v lacks a field", name, service)
			}
		}
		body, err := b.GetObject("normal", oss.NormalizedRange("9-"))
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if data, _ := io.ReadAll(body); string(data) != "x" {
			t.Errorf("a range beyond the end, without the standard behaviour, answers %q", data)
		}
		if err := b.PutObject("ten", strings.NewReader("0123456789")); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ asked, behavior, want string }{
			{"5-20", "", "0123456789"}, {"5-20", "standard", "56789"}, {"5-7", "", "567"}, {"5-9", "", "56789"},
			{"5-", "", "56789"}, {"10-12", "", "0123456789"},
		} {
			body, err := b.GetObject("ten", oss.NormalizedRange(c.asked), oss.RangeBehavior(c.behavior))
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(body)
			_ = body.Close()
			if string(data) != c.want || err != nil {
				t.Errorf("the range %q with behaviour %q is %q, %v; want %q", c.asked, c.behavior, data, err, c.want)
			}
		}
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, e *Endpoint) {
		b := client(t, e, nil)
		for _, key := range []string{"a", "d/1", "d/2", "d/x/3", "d%", "z+ &<"} {
			if err := b.PutObject(key, strings.NewReader(key)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.AppendObject("e.log", strings.NewReader("e"), 0); err != nil {
			t.Fatal(err)
		}
		var pages []string
		for marker := ""; ; {
			page, err := b.ListObjects(oss.MaxKeys(2), oss.Marker(marker), oss.Delimiter("/"))
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, o := range page.Objects {
				text += fmt.Sprintf("%s(%s %d) ", o.Key, o.Type, o.Size)
			}
			pages = append(pages, text+fmt.Sprint(page.CommonPrefixes))
			if marker = page.NextMarker; !page.IsTruncated {
				break
			}
		}
		want := []string{"a(Normal 1) d%(Normal 2) []", "e.log(Appendable 1) [d/]", "z+ &<(Normal 5) []"}
		if diff := cmp.Diff(want, pages); diff != "" {
			t.Errorf("pages of version 1 (-want +got):\n%s", diff)
		}
		page, err := b.ListObjectsV2(oss.StartAfter("d/1"), oss.Prefix("d/"))
		if err != nil || len(page.Objects) != 2 || page.Objects[0].Key != "d/2" || page.IsTruncated {
			t.Errorf("version 2 after d/1: %+v, %v", page, err)
		}
	})
}

func TestOtherOperations(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, e *Endpoint) {
		b := client(t, e, nil)
		if _, err := b.AppendObject("a", strings.NewReader("x"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := b.CopyObject("a", "b"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.AppendObject("b", strings.NewReader("x"), 1); codeOf(err) != "ObjectNotAppendable" {
			t.Errorf("a copy is appended to: %v", err)
		}
		if err := b.DeleteObject("a"); err != nil {
			t.Error(err)
		}
		if err := b.DeleteObject("a"); err != nil {
			t.Errorf("deleting what is not there: %v", err)
		}
		if _, err := b.DeleteObjects([]string{"b", "c"}); err != nil {
			t.Error(err)
		}
		if page, err := b.ListObjectsV2(); err != nil || len(page.Objects) != 0 {
			t.Errorf("left are %v, %v", page.Objects, err)
		}
		if err := b.Client.CreateBucket("another-bucket"); err != nil {
			t.Error(err)
		}
		if list, err := b.Client.ListBuckets(); err != nil || len(list.Buckets) != 2 {
			t.Errorf("buckets are %v, %v", list.Buckets, err)
		}
		if err := b.Client.DeleteBucket("another-bucket"); err != nil {
			t.Error(err)
		}
	})
}

func TestBucketInTheHostName(t *testing.T) {
	t.Parallel()
	e := Start(t, "")
	addr := strings.TrimPrefix(e.URL, "http://")
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}
	c, err := oss.New("http://oss.example.test", e.Key.ID, e.Key.Secret, oss.SecurityToken(e.Key.Token),
		oss.AuthVersion(oss.AuthV4), oss.Region(e.Region), oss.HTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Bucket(e.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PutObject("a/b", strings.NewReader("x")); err != nil {
		t.Error(err)
	}
	if got := e.Requests(); got != "PUT a/b: 200" {
		t.Errorf("requests %q", got)
	}
	transport.CloseIdleConnections()
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for says, o := range map[string]Options{
		"every key needs":           {Buckets: []string{"images"}},
		"every key needs an id and": {Keys: []Key{{ID: "x"}}},
		`making bucket "X"`:         {Dir: t.TempDir(), Keys: []Key{{ID: "x", Secret: "y"}}, Buckets: []string{"X"}},
		"opening OSS endpoint on":   {Dir: "server_test.go", Keys: []Key{{ID: "x", Secret: "y"}}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %s", o, err, says)
		}
	}
}
