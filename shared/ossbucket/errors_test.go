package ossbucket_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

// times makes the first n requests meet a fault.
func times(n int, fault osstest.Fault) func(osstest.Request) *osstest.Fault {
	return func(osstest.Request) *osstest.Fault {
		if n--; n < 0 {
			return nil
		}
		return &fault
	}
}

const always = 1000

// calls are the verbs, each on an object "key" that holds "0123456789", or,
// for those that extend or make one, on "new".
var calls = map[string]func(context.Context, *ossbucket.Bucket) (string, error){
	"Get": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		data, _, err := b.Get(ctx, "key", "")
		return string(data), err
	},
	"GetFrom": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		data, err := b.GetFrom(ctx, "key", 5, 99)
		return string(data), err
	},
	"GetPart": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		data, err := b.GetFrom(ctx, "key", 2, 3)
		return string(data), err
	},
	"GetWhole": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		data, err := b.GetFrom(ctx, "key", 0, 10)
		return string(data), err
	},
	"List": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		keys, err := b.List(ctx, "k")
		return strings.Join(keys, " "), err
	},
	"Put": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		return "", b.Put(ctx, "key", []byte("0123456789"))
	},
	"Create": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		return "", b.Create(ctx, "new", []byte("0123456789"))
	},
	"Append": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		n, err := b.Append(ctx, "new", 0, []byte("0123456789"))
		return fmt.Sprint(n), err
	},
	"Delete": func(ctx context.Context, b *ossbucket.Bucket) (string, error) {
		return "", b.Delete(ctx, "key")
	},
	"Entries": func(ctx context.Context, b *ossbucket.Bucket) (entries string, err error) {
		err = b.Entries(ctx, "k", func(key string, size int64, modified time.Time) {
			entries += fmt.Sprint(key, " ", size, " ", time.Since(modified) < time.Minute)
		})
		return entries, err
	},
}

var wellDone = map[string]string{"Get": "0123456789", "GetFrom": "56789", "GetPart": "234", "GetWhole": "0123456789",
	"List": "key", "Append": "10", "Entries": "key 10 true"}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		fault osstest.Fault
		times int
		calls string // of which this is true
		is    error  // nil: no sentinel
		says  string // part of the error; empty: it goes well
		tries int
	}{
		{"access is denied", osstest.Fault{Status: 403, Code: "AccessDenied"}, always,
			"List Put Create Append Delete Entries", fs.ErrPermission, "403 AccessDenied: You have no right", 1},
		{"access is denied, to lists too", osstest.Fault{Status: 403, Code: "AccessDenied"}, always,
			"Get GetFrom GetPart", fs.ErrPermission, "403 AccessDenied: You have no right", 2},
		{"the key is unknown", osstest.Fault{Status: 403, Code: "InvalidAccessKeyId"}, always, "Get Put Append",
			fs.ErrPermission, "EC 0002-00000902, request id 0000", 1},
		{"the signature is wrong", osstest.Fault{Status: 403, Code: "SignatureDoesNotMatch"}, always, "Get Put Append",
			fs.ErrPermission, "403 SignatureDoesNotMatch", 1},
		{"the token has expired", osstest.Fault{Status: 403, Code: "SecurityTokenExpired"}, always, "Get Put Append",
			fs.ErrPermission, "403 SecurityTokenExpired", 1},
		{"a refusal has another code", osstest.Fault{Status: 403, Code: "UserDisable"}, always, "Get Put Append",
			fs.ErrPermission, "403 UserDisable", 1},
		{"a proxy refuses", osstest.Fault{Status: 403, Body: "<html>no</html>"}, always, "Get Put Append", nil,
			"403 without an error document", 1},
		{"the bucket is missing", osstest.Fault{Status: 404, Code: "NoSuchBucket"}, always,
			"Get GetFrom List Put Create Append Delete Entries", nil, `bucket "community-images-test" does not exist`,
			1},
		{"a proxy finds nothing", osstest.Fault{Status: 404, Body: "<html>not found</html>"}, always,
			"Get GetFrom List Delete Entries", nil, "404 without an error document", 1},
		{"the key is missing", osstest.Fault{Status: 404, Code: "NoSuchKey"}, always, "Get GetFrom GetPart GetWhole",
			fs.ErrNotExist, "404 NoSuchKey", 1},
		{"what is removed is missing", osstest.Fault{Status: 404, Code: "NoSuchKey"}, always, "Delete", nil, "", 1},
		{"the answer to a removal is lost", osstest.Fault{Reset: true, Applied: true}, 1, "Delete", nil, "", 2},
		{"the object exists", osstest.Fault{Status: 409, Code: "FileAlreadyExists"}, always, "Create", fs.ErrExist,
			"EC 0026-00000002", 1},
		{"the position is not the length", osstest.Fault{Status: 409, Code: "PositionNotEqualToLength"}, always,
			"Append", fs.ErrExist, "EC 0026-00000016", 1},
		{"the object is a normal one", osstest.Fault{Status: 409, Code: "ObjectNotAppendable"}, always, "Append",
			errors.ErrUnsupported, "EC 0026-00000017", 1},
		{"a conflict has another code", osstest.Fault{Status: 409, Code: "FileImmutable"}, always, "Put Create Append",
			nil, "409 FileImmutable", 1},
		{"a request is bad", osstest.Fault{Status: 400, Code: "InvalidArgument"}, always, "Get Put Append", nil,
			"400 InvalidArgument", 1},
		{"a redirect", osstest.Fault{Status: 307, Body: "elsewhere"}, always, "Get Put Append", nil,
			"307 without an error document", 1},
		{"another endpoint is wanted", osstest.Fault{Status: 301, Body: document("AccessDenied", "Use oss-cn-x.")}, always,
			"Get GetFrom List Put Append", fs.ErrPermission, "OSS answers 301 AccessDenied: Use oss-cn-x.", 1},
		{"a redirect with a document", osstest.Fault{Status: 307, Body: document("TemporaryRedirect", "Elsewhere.")}, always,
			"Get List Put Append Delete", nil, "OSS answers 307 TemporaryRedirect: Elsewhere., EC 0017-1, request id 0000", 1},
		{"an unusual status with a document", osstest.Fault{Status: 507, Body: document("QuotaExceeded", "Full.")}, always,
			"Append", nil, "OSS answers 507 QuotaExceeded: Full., EC 0017-1", 1},

		{"an inner error passes", osstest.Fault{Status: 500, Code: "InternalError"}, 2,
			"Get GetFrom GetPart List Put Create Delete Entries", nil, "", 3},
		{"an inner error stays", osstest.Fault{Status: 500, Code: "InternalError"}, always,
			"Get GetFrom List Put Create Delete Entries", nil, "500 InternalError", 3},
		{"an overload passes", osstest.Fault{Status: 503, Code: "ServiceUnavailable"}, 1,
			"Get GetFrom GetPart List Put Create Delete Entries", nil, "", 2},
		{"a gateway answers in HTML", osstest.Fault{Status: 502, Body: "<html><body>Bad Gateway</body></html>"}, 1,
			"Get List Put Create", nil, "", 2},
		{"a gateway answers nothing", osstest.Fault{Status: 504}, always, "Get List Put Delete Entries", nil,
			"504 without an error document", 3},
		{"an error has an odd status", osstest.Fault{Status: 599, Body: "?"}, 2, "Get List Put Delete Entries", nil, "",
			3},
		{"the connection is reset", osstest.Fault{Reset: true}, 1, "Get GetFrom GetPart List Put Create Delete Entries",
			nil, "", 2},
		{"the body is cut", osstest.Fault{Half: true}, 2, "Get GetFrom GetPart GetWhole List Entries", nil, "", 3},
		{"the body is always cut", osstest.Fault{Half: true}, always, "Get GetFrom GetPart GetWhole List", nil,
			"unexpected EOF", 3},
		{"the error document is cut", osstest.Fault{Status: 404, Code: "NoSuchKey", Half: true}, 1, "Get GetFrom", nil,
			"", 2},
		{"a bit is flipped", osstest.Fault{FlipBit: true}, 1, "Get GetWhole", nil, "", 2},
		{"a bit is always flipped", osstest.Fault{FlipBit: true}, always, "Get GetWhole", nil, "the CRC-64 is ", 3},
		{"the CRC is wrong", osstest.Fault{WrongCRC: true}, always, "Get GetWhole Put", nil, `OSS says 1, request id`,
			3},
		{"the CRC is that of the whole object", osstest.Fault{WrongCRC: true}, always, "GetFrom GetPart", nil, "", 1},
		{"the range is another one", spoil("Content-Range", "bytes 4-8/10"), always, "GetFrom", nil,
			`the range is "bytes 4-8/10", want "bytes 5-9/10"`, 3},
		{"the range is said to be shorter", spoil("Content-Range", "bytes 2-3/10"), always, "GetPart", nil,
			`the range is "bytes 2-3/10", want "bytes 2-4/10"`, 3},
		{"the range ends before the object", spoil("Content-Range", "bytes 5-9/11"), always, "GetFrom", nil,
			`want "bytes 5-9/10"`, 3},
		{"the range ends behind the object", spoil("Content-Range", "bytes 2-4/4"), always, "GetPart", nil,
			"the range is", 3},
		{"the range is of nothing", spoil("Content-Range", "bytes 2-4/*"), 2, "GetPart", nil, "", 3},
		{"the range is not said", spoil("Content-Range", ""), 1, "GetFrom GetPart GetWhole", nil, "", 2},
		{"the answer is longer than the range", osstest.Fault{Longer: true}, always, "GetPart", nil, "the range is", 3},
		{"the CRC is not sent", spoil("X-Oss-Hash-Crc64ecma", ""), always,
			"Get GetFrom GetPart GetWhole Put Create Append", nil, "", 1},

		{"an append fails within", osstest.Fault{Status: 500, Code: "InternalError"}, 1, "Append", nil,
			"500 InternalError", 1},
		{"an append is overtaken by load", osstest.Fault{Status: 503, Code: "ServiceUnavailable"}, 1, "Append", nil,
			"503 ServiceUnavailable", 1},
		{"the answer to an append is lost", osstest.Fault{Reset: true, Applied: true}, 1, "Append", nil,
			`appending to "new": `, 1},
		{"the CRC of an append is wrong", osstest.Fault{WrongCRC: true}, 1, "Append", nil, "OSS says 1", 1},
		{"the length after an append is wrong", spoil("X-Oss-Next-Append-Position", "11"), 1, "Append", nil,
			`should be 10, OSS says "11"`, 1},
		{"the length after an append is missing", spoil("X-Oss-Next-Append-Position", ""), 1, "Append", nil,
			`should be 10, OSS says ""`, 1},
	} {
		for verb := range strings.FieldsSeq(row.calls) {
			t.Run(row.name+": "+verb, func(t *testing.T) {
				t.Parallel()
				e := osstest.Start(t, "")
				b := open(t, e, nil)
				if err := b.Put(context.Background(), "key", []byte("0123456789")); err != nil {
					t.Fatal(err)
				}
				e.Requests()
				e.SetFault(times(row.times, row.fault))
				got, err := calls[verb](context.Background(), b)
				if tries := strings.Count(e.Requests(), "\n") + 1; tries != row.tries {
					t.Errorf("%d tries, want %d", tries, row.tries)
				}
				if row.says == "" {
					if err != nil || got != wellDone[verb] {
						t.Errorf("%s = %q, %v; want %q", verb, got, err, wellDone[verb])
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), row.says) {
					t.Errorf("error %v, want one that says %s", err, row.says)
				}
				for _, sentinel := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission} {
					if errors.Is(err, sentinel) != (row.is == sentinel) {
						t.Errorf("error %v is %v: %v", err, sentinel, row.is != sentinel)
					}
				}
			})
		}
	}
}

// document returns an error document of OSS.
func document(code, message string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>` + message +
		`</Message><EC>0017-1</EC></Error>`
}

// spoil sets or, with "", removes a header of the answer.
func spoil(name, value string) osstest.Fault {
	return osstest.Fault{Spoil: func(h http.Header) {
		if h.Set(name, value); value == "" {
			h.Del(name)
		}
	}}
}

func TestContextEndsARequestInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]osstest.Fault{
		"no answer":     {Delay: time.Hour},
		"half a body":   {Stall: true},
		"a long refuse": {Status: 503, Code: "ServiceUnavailable"},
	} {
		for verb, call := range calls {
			if verb == "Append" && fault.Status != 0 || verb != "Get" && fault.Stall {
				continue // answered at once, or without a body
			}
			t.Run(name+": "+verb, func(t *testing.T) {
				t.Parallel()
				e := osstest.Start(t, "")
				b := open(t, e, func(o *ossbucket.Options) {
					o.Retry.FirstDelay, o.Retry.MaxDelay = time.Hour, time.Hour
				})
				if err := b.Put(context.Background(), "key", []byte("0123456789")); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(context.Background())
				e.SetFault(func(osstest.Request) *osstest.Fault {
					time.AfterFunc(20*time.Millisecond, cancel)
					return &fault
				})
				start := time.Now()
				_, err := call(ctx, b)
				if !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
					t.Errorf("after %s: %v", time.Since(start), err)
				}
			})
		}
	}
}

func TestStalledTryIsAbandoned(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	b := open(t, e, func(o *ossbucket.Options) { o.ReadTimeout = 300 * time.Millisecond })
	if err := b.Put(context.Background(), "key", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]osstest.Fault{"no answer": {Delay: time.Hour}, "half a body": {Stall: true}} {
		e.SetFault(times(1, fault))
		if data, _, err := b.Get(context.Background(), "key", ""); err != nil || string(data) != "0123456789" {
			t.Errorf("%s, once: %q, %v", name, data, err)
		}
		e.SetFault(times(always, fault))
		_, _, err := b.Get(context.Background(), "key", "")
		if err == nil || !strings.Contains(err.Error(), "no byte moved") || errors.Is(err, context.Canceled) {
			t.Errorf("%s, always: %v", name, err)
		}
	}
	e.SetFault(times(1, osstest.Fault{Delay: time.Hour}))
	if _, err := b.Append(context.Background(), "new", 0, []byte("x")); err == nil ||
		!strings.Contains(err.Error(), "no byte moved") {
		t.Errorf("append: %v", err)
	}
}

func TestLostAnswerOfACreate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := osstest.Start(t, "")
	b := open(t, e, nil)
	e.SetFault(times(1, osstest.Fault{Reset: true, Applied: true}))
	if err := b.Create(ctx, "mine", []byte("mine")); err != nil {
		t.Errorf("a create that finds its own object: %v", err)
	}
	want := "PUT mine if-absent: reset\nPUT mine if-absent: 409 FileAlreadyExists\nGET mine: 200"
	if got := e.Requests(); got != want {
		t.Errorf("requests\n%s\nwant\n%s", got, want)
	}
	if err := b.Create(ctx, "theirs", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	e.SetFault(times(1, osstest.Fault{Status: 500, Code: "InternalError"}))
	if err := b.Create(ctx, "theirs", []byte("mine")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a create that finds another's object: %v", err)
	}
}

func TestServerThatIgnoresConditions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := osstest.Start(t, "")
	b := open(t, e, nil)
	if err := b.Put(ctx, "key", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	_, etag, err := b.Get(ctx, "key", "")
	if err != nil {
		t.Fatal(err)
	}
	e.SetFault(func(r osstest.Request) *osstest.Fault {
		r.Header.Del("Range")
		r.Header.Del("If-None-Match")
		return nil
	})
	for _, row := range []struct {
		offset, limit int64
		want          string
	}{{0, 99, "0123456789"}, {0, 3, "012"}, {3, 99, "3456789"}, {3, 7, "3456789"}, {3, 6, "345678"}, {10, 1, ""},
		{99, 1, ""}} {
		if data, err := b.GetFrom(ctx, "key", row.offset, row.limit); err != nil || string(data) != row.want {
			t.Errorf("GetFrom(%d, %d) = %q, %v; want %q", row.offset, row.limit, data, err, row.want)
		}
	}
	if data, current, err := b.Get(ctx, "key", etag); data != nil || current != etag || err != nil {
		t.Errorf("Get with the etag = %q, %q, %v", data, current, err)
	}
}

func TestLargeObjectIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := osstest.Start(t, "")
	b := open(t, e, func(o *ossbucket.Options) { o.MaxObject = 1000 })
	for size, ok := range map[int]bool{1000: true, 1001: false, 100000: false} {
		if err := b.Put(ctx, "key", make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		_, _, err := b.Get(ctx, "key", "")
		_, errFrom := b.GetFrom(ctx, "key", 1, 1<<20)
		part, errPart := b.GetFrom(ctx, "key", 1, 999)
		if (err == nil) != ok || (errFrom == nil) != (size <= 1001) || len(part) != 999 || errPart != nil {
			t.Errorf("%d bytes: Get %v, GetFrom %v, a part %v", size, err, errFrom, errPart)
		}
		if err != nil && !strings.Contains(err.Error(), "larger than the limit") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestConnectTimeoutIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	tries := 0
	b := open(t, e, func(o *ossbucket.Options) {
		o.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
			tries++
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
		})
	})
	_, _, err := b.Get(context.Background(), "key", "")
	if err == nil || errors.Is(err, context.DeadlineExceeded) || tries != 3 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}
