package ossbucket_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

// TestNoErrorHoldsASecret plants credentials wherever a server or a transport
// may say them back.
func TestNoErrorHoldsASecret(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	secrets := []string{e.Key.ID, e.Key.Secret, e.Key.Token}
	echo := strings.Join(secrets, " and ")
	leaky := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("cannot send " + echo) })
	for name, c := range map[string]struct {
		fault  osstest.Fault
		change func(*ossbucket.Options)
	}{
		"in the message": {fault: osstest.Fault{Status: 403, Code: "AccessDenied", Message: echo}},
		"in a code":      {fault: osstest.Fault{Status: 400, Code: echo}},
		"in the EC": {fault: osstest.Fault{Status: 400, Body: "<Error><Code>X</Code><EC>" + echo +
			"</EC></Error>"}},
		"in a page":       {fault: osstest.Fault{Status: 502, Body: "<html>" + echo}},
		"in the range":    {fault: spoil("Content-Range", echo)},
		"in the position": {fault: spoil("X-Oss-Next-Append-Position", echo)},
		"in the CRC":      {fault: spoil("X-Oss-Hash-Crc64ecma", echo)},
		"in the request id": {fault: osstest.Fault{Status: 500, Code: "InternalError", Spoil: func(h http.Header) {
			h.Set("X-Oss-Request-Id", echo)
		}}},
		"in a transport error": {change: func(o *ossbucket.Options) { o.Transport = leaky }},
		"in the string that was to be signed": {change: func(o *ossbucket.Options) {
			o.Credentials = func(context.Context) (cloud.Credentials, error) {
				return cloud.Credentials{AccessKeyID: e.Key.ID, AccessKeySecret: "wrong", SecurityToken: e.Key.Token},
					nil
			}
		}},
	} {
		e.SetFault(nil)
		if err := open(t, e, nil).Put(context.Background(), "key", []byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		e.SetFault(times(always, c.fault))
		b := open(t, e, c.change)
		failed := 0
		for verb, call := range calls {
			_, err := call(context.Background(), b)
			if err == nil {
				continue
			}
			failed++
			for _, secret := range append(secrets, "://", e.URL) {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: %s says %q: %v", name, verb, secret, err)
				}
			}
		}
		if failed == 0 {
			t.Errorf("%s: no call has failed", name)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCredentialsAreTakenForEveryTry(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	type invocation struct{}
	var asked []any
	b := open(t, e, func(o *ossbucket.Options) {
		o.Credentials = func(ctx context.Context) (cloud.Credentials, error) {
			asked = append(asked, ctx.Value(invocation{}))
			token, _ := ctx.Value(invocation{}).(string)
			if token == "" {
				return cloud.Credentials{}, errors.New("no invocation")
			}
			return cloud.Credentials{AccessKeyID: e.Key.ID, AccessKeySecret: e.Key.Secret, SecurityToken: token}, nil
		}
	})
	first, second := context.WithValue(context.Background(), invocation{},
		"first"), context.WithValue(context.Background(), invocation{}, "second")
	e.SetKeys(osstest.Key{ID: e.Key.ID, Secret: e.Key.Secret, Token: "first", Expires: time.Now().Add(time.Hour)})
	e.SetFault(times(1, osstest.Fault{Status: 500, Code: "InternalError"}))
	if err := b.Put(first, "key", nil); err != nil {
		t.Error(err)
	}
	e.SetKeys(osstest.Key{ID: e.Key.ID, Secret: e.Key.Secret, Token: "second", Expires: time.Now().Add(time.Hour)})
	if err := b.Put(first, "key", nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("with the old token: %v", err)
	}
	if err := b.Put(second, "key", nil); err != nil {
		t.Error(err)
	}
	e.SetKeys(osstest.Key{ID: e.Key.ID, Secret: e.Key.Secret, Token: "second", Expires: time.Now().Add(-time.Hour)})
	if err := b.Put(second, "key", nil); !errors.Is(err, fs.ErrPermission) ||
		!strings.Contains(err.Error(), "SecurityTokenExpired") {
		t.Errorf("with an expired token: %v", err)
	}
	if err := b.Put(context.Background(), "key", nil); err == nil ||
		!strings.Contains(err.Error(), "taking credentials: no invocation") {
		t.Errorf("without credentials: %v", err)
	}
	if len(asked) != 6 {
		t.Errorf("credentials were asked for %d times, want 6: %v", len(asked), asked)
	}
}

// TestWithoutAKeyNothingIsAsked: a function without a role is told so, instead
// of what OSS says to anonymous callers.
func TestWithoutAKeyNothingIsAsked(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	for _, key := range []cloud.Credentials{{}, {AccessKeyID: e.Key.ID}, {AccessKeySecret: e.Key.Secret}} {
		b := open(t, e, func(o *ossbucket.Options) {
			o.Credentials = func(context.Context) (cloud.Credentials, error) { return key, nil }
		})
		_, _, err := b.Get(t.Context(), "k", "")
		if err == nil || !strings.Contains(err.Error(), "there is no access key; a function gets one by its role") ||
			errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	}
}
