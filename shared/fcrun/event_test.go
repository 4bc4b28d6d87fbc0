package fcrun

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/cloud"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestEventPassesBytesAndInvocationOn(t *testing.T) {
	t.Parallel()
	source := cloud.NewSource(cloud.Credentials{AccessKeyID: "env", AccessKeySecret: "env"})
	handle := Event(func(ctx context.Context, event []byte) (any, error) {
		inv := InvocationFrom(ctx)
		c, ok := CredentialsFrom(ctx)
		if !ok || c != source.Newest() || c.AccessKeyID != "STS.keykey" {
			t.Errorf("credentials %q %v, newest %q", c.AccessKeyID, ok, source.Newest().AccessKeyID)
		}
		return map[string]string{"Got": string(event), "Id": inv.RequestID, "Retry": fmt.Sprint(inv.RetryCount),
			"Region": inv.Region}, nil
	}, Options{Log: zap.NewNop(), Credentials: source})
	if source.Newest().AccessKeyID != "env" {
		t.Errorf("before the first invocation: %q", source.Newest().AccessKeyID)
	}
	got, err := handle(invocation(t.Context()), []byte("not even JSON"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Got":"not even JSON","Id":"` + requestID + `","Region":"cn-hangzhou","Retry":"2"}`
	if diff := cmp.Diff(want, string(got.(json.RawMessage))); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutCredentialsTheEnvironmentCounts(t *testing.T) {
	t.Parallel()
	source := cloud.NewSource(cloud.Credentials{AccessKeyID: "env", AccessKeySecret: "env"})
	handle := Event(func(ctx context.Context, _ []byte) (any, error) {
		_, ok := CredentialsFrom(ctx)
		return ok, nil
	}, Options{Log: zap.NewNop(), Credentials: source})
	got, err := handle(t.Context(), nil)
	if err != nil || string(got.(json.RawMessage)) != "false" || source.Newest().AccessKeyID != "env" {
		t.Errorf("got %s, %v, newest %q", got, err, source.Newest().AccessKeyID)
	}
}

// Each row is a way to fail, what FC is told of it and what only the log is.
func TestFailuresLeaveWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name                  string
		handle                func(context.Context, []byte) (any, error)
		says, logs, errorType string
	}{
		{name: "an error", handle: func(context.Context, []byte) (any, error) {
			return nil, errors.New(
				`putting "k": GET https://b.oss/k?OSSAccessKeyId=LTAI123&Signature=abc%2Fd&x=1: ` +
					`refused for topsecret and environ-secret`)
		}, says: `putting "k": GET https://b.oss/k?OSSAccessKeyId=[redacted]&Signature=[redacted]&x=1: ` +
			`refused for [redacted] and [redacted]`, logs: "invocation failed", errorType: "InvocationFailed"},
		{name: "a panic", handle: func(context.Context, []byte) (any, error) {
			panic("tokentoken broke")
		}, says: "an unexpected failure; the log has the details", logs: "[redacted] broke", errorType: "Panic"},
		{name: "a report that has no JSON", handle: func(context.Context, []byte) (any, error) {
			return make(chan int), nil
		}, says: "encoding the report: json: unsupported type", logs: "invocation failed",
			errorType: "InvocationFailed"},
		{name: "a long error", handle: func(context.Context, []byte) (any, error) {
			return nil, errors.New(strings.Repeat("é", maxErrorText))
		}, says: "é", logs: "invocation failed", errorType: "InvocationFailed"},
	} {
		var log bytes.Buffer
		o := Options{Log: NewLogger(zapcore.AddSync(&log), zap.InfoLevel, "snapshot"),
			Credentials: cloud.NewSource(cloud.Credentials{AccessKeyID: "env-id", AccessKeySecret: "environ-secret"})}
		got, err := Event(row.handle, o)(invocation(t.Context()), nil)
		if got != nil || err == nil {
			t.Fatalf("%s: got %v, %v", row.name, got, err)
		}
		coded, _ := json.Marshal(err)
		var reported struct{ ErrorMessage, ErrorType string }
		if err := json.Unmarshal(coded, &reported); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(reported.ErrorMessage, row.says) || reported.ErrorType != row.errorType ||
			len(reported.ErrorMessage) > maxErrorText+8 {
			t.Errorf("%s: FC is reported %s", row.name, coded)
		}
		for _, text := range []string{string(coded), log.String()} {
			for _, secret := range []string{"topsecret", "tokentoken", "environ-secret", "LTAI123", "abc%2Fd"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s in %s", row.name, secret, text)
				}
			}
		}
		var entry struct{ Time, Level, Message, FunctionName, RequestID, Stack string }
		if err := json.Unmarshal(log.Bytes(), &entry); err != nil || entry.RequestID != requestID ||
			entry.FunctionName != "snapshot" || entry.Level != "error" {
			t.Errorf("%s: log %s (%v)", row.name, log.String(), err)
		}
		if _, err := time.Parse(time.RFC3339, entry.Time); err != nil {
			t.Error(err)
		}
		if !strings.Contains(log.String(), row.logs) {
			t.Errorf("%s: log %s", row.name, log.String())
		}
	}
}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	c := cloud.Credentials{AccessKeyID: "planted", AccessKeySecret: "planted", SecurityToken: "planted"}
	var log bytes.Buffer
	NewLogger(zapcore.AddSync(&log), zap.InfoLevel, "").Info("x", zap.Any("c", c),
		zap.Any("i", Invocation{Credentials: c}), zap.Reflect("r", c))
	coded, _ := json.Marshal(Invocation{Credentials: c})
	if text := fmt.Sprintf("%v %+v %#v %s %s", c, c, Invocation{Credentials: c}, coded,
		log.String()); strings.Contains(text, "planted") {
		t.Error(text)
	}
}

func TestTheSDKIsHeldUpWhenItsRuntimeIsDown(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var paused time.Duration
	w := sdkLog{log: NewLogger(zapcore.AddSync(&out), zap.InfoLevel, ""), pause: func(d time.Duration) { paused += d }}
	fmt.Fprintln(w, "2026/11/23 10:00:00.000000 failed to get invoke request due to refused")
	if paused != nextPause || !strings.Contains(out.String(), "asking for the next invocation") {
		t.Errorf("paused %v, log %s", paused, out.String())
	}
	out.Reset()
	fmt.Fprintln(w, `2026/11/23 10:00:00.000000  id [ERROR] {"errorMessage": "reported already"}`)
	if out.Len() > 0 {
		t.Errorf("a function error is logged twice: %s", out.String())
	}
	fmt.Fprintln(w, "failed to invoke function due to x")
	if paused != nextPause || !strings.Contains(out.String(), "message of the runtime") {
		t.Errorf("paused %v, log %s", paused, out.String())
	}
}

func TestMainSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	works := func([]string) (Handler, *zap.Logger, error) { return nil, zap.NewNop(), nil }
	fails := func([]string) (Handler, *zap.Logger, error) { return nil, nil, errors.New("OSS_BUCKET: is not set") }
	for _, row := range []struct {
		name    string
		setup   Setup
		environ []string
		says    string
		starts  bool
	}{
		{"no runtime", works, nil, "FC_RUNTIME_API is not set: this program runs inside Function Compute; to run it " +
			"on this machine: go run ./scripts/local\n", false},
		{"an empty runtime", works, []string{"FC_RUNTIME_API="}, "FC_RUNTIME_API is not set", false},
		{"bad settings", fails, []string{"FC_RUNTIME_API=127.0.0.1:1"}, "OSS_BUCKET: is not set\n", false},
		{"all well", works, []string{"FC_RUNTIME_API=127.0.0.1:1"}, "", true},
	} {
		var stderr bytes.Buffer
		started := false
		code := run(row.setup, row.environ, &stderr, func(Handler, *zap.Logger) { started = true })
		if code != 1 || started != row.starts || !strings.HasPrefix(stderr.String(), row.says) {
			t.Errorf("%s: code %d, started %v, says %s", row.name, code, started, stderr.String())
		}
	}
}
