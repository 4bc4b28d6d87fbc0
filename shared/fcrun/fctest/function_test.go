package fctest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"community-images/shared/cloud"
	"community-images/shared/fcrun"
	"community-images/shared/fcrun/fctest"
)

// TestMain is also the functions under test: this binary runs again as one.
func TestMain(m *testing.M) {
	if os.Getenv("FC_RUNTIME_API") != "" {
		fcrun.Main(setup)
	}
	os.Exit(fctest.Run(m))
}

func setup(environ []string) (fcrun.Handler, *zap.Logger, error) {
	if slices.Contains(environ, "KIND=broken") {
		return nil, nil, errors.New("OSS_BUCKET: is not set")
	}
	log := fcrun.NewLogger(os.Stdout, zap.InfoLevel, "test")
	o := fcrun.Options{Log: log, Credentials: cloud.NewSource(cloud.Credentials{})}
	if slices.Contains(environ, "KIND=http") {
		return fcrun.HTTP(http.HandlerFunc(serve), o), log, nil
	}
	return fcrun.Event(handle, o), log, nil
}

// handle does what the event asks for.
func handle(ctx context.Context, event []byte) (any, error) {
	switch string(event) {
	case "describe":
		deadline, _ := ctx.Deadline()
		c, _ := fcrun.CredentialsFrom(ctx)
		inv := fcrun.InvocationFrom(ctx)
		inv.Credentials = cloud.Credentials{}
		left := time.Until(deadline).Round(time.Minute).String()
		return map[string]any{"Invocation": inv, "Left": left, "Token": c.SecurityToken, "Env": envNames()}, nil
	case "fail":
		return nil, errors.New("as asked, with topsecret")
	case "panic":
		panic("as asked")
	case "panic elsewhere": // nobody can recover from it
		go panic("as asked")
		select {}
	case "exit":
		fmt.Println("last words")
		os.Exit(3)
	case "hang":
		select {}
	case "meet":
		return meet(ctx)
	}
	return string(event), nil
}

// meeting is left by two at once only.
var meeting = make(chan struct{})

func meet(ctx context.Context) (any, error) {
	select {
	case meeting <- struct{}{}:
	case <-meeting:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return "met", nil
}

func envNames() []string {
	var names []string
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func start(t *testing.T, o fctest.Options) *fctest.Function {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := fctest.Start(t.Context(), binary, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	return f
}

func invoke(t *testing.T, f *fctest.Function, event string) fctest.Response {
	t.Helper()
	r, err := f.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheFunctionIsToldWhatFCTells(t *testing.T) {
	t.Parallel()
	f := start(t, fctest.Options{
		Name: "snap", Region: "cn-beijing", Timeout: 10 * time.Minute, Env: []string{"OWN=1"},
		Credentials: cloud.Credentials{AccessKeyID: "STS.one", AccessKeySecret: "topsecret", SecurityToken: "token-1"},
	})
	var got struct {
		Invocation fcrun.Invocation
		Left       string
		Token      string
		Env        []string
	}
	f.SetCredentials(cloud.Credentials{AccessKeyID: "STS.two", AccessKeySecret: "topsecret", SecurityToken: "token-2"})
	r, err := f.Do(t.Context(), fctest.Call{Event: []byte("describe"), RetryCount: 2})
	if err != nil || r.Error != nil {
		t.Fatal(err, r.Error)
	}
	raw := strings.Replace(string(r.Payload), `"Credentials":"[credentials]"`, `"X":0`, 1)
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err, string(r.Payload))
	}
	want := fcrun.Invocation{RequestID: r.RequestID, FunctionName: "snap", Region: "cn-beijing", RetryCount: 2}
	if got.Invocation != want || got.Left != "10m0s" || got.Token != "token-2" {
		t.Errorf("got %+v", got)
	}
	for _, name := range got.Env {
		if name != "OWN" && !strings.HasPrefix(name, "FC_") && !strings.HasPrefix(name, "ALIBABA_CLOUD_") {
			t.Errorf("%s reached the process", name)
		}
	}
}

func TestFailuresOfTheFunction(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var output []string
	f := start(t, fctest.Options{
		Credentials: cloud.Credentials{AccessKeyID: "STS.one", AccessKeySecret: "topsecret"},
		Output:      func(line string) { mu.Lock(); output = append(output, line); mu.Unlock() },
	})
	first, _ := f.Process()
	for _, row := range []struct{ event, kind, message string }{
		{"fail", "InvocationFailed", "as asked, with [redacted]"},
		{"panic", "Panic", "an unexpected failure"},
		{"panic elsewhere", fctest.ProcessExited, "exit status 2"},
		{"exit", fctest.ProcessExited, "exit status 3"},
	} {
		r := invoke(t, f, row.event)
		if r.Error == nil || r.Error.Type != row.kind || !strings.Contains(r.Error.Message, row.message) {
			t.Errorf("%s: %+v, %+v", row.event, string(r.Payload), r.Error)
		}
		if r := invoke(t, f, "echo"); string(r.Payload) != `"echo"` {
			t.Errorf("after %s: %s %+v", row.event, r.Payload, r.Error)
		}
	}
	if last, _ := f.Process(); last.Pid == first.Pid {
		t.Error("the process was not restarted")
	}
	f.Stop()
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(output, "\n"); !slices.Contains(output, "last words") ||
		strings.Contains(all, "topsecret") || !strings.Contains(all, `"message":"panic in the handler"`) {
		t.Errorf("output:\n%s", all)
	}
}

func TestAFunctionThatHangsIsKilled(t *testing.T) {
	t.Parallel()
	f := start(t, fctest.Options{Timeout: time.Second})
	first, _ := f.Process()
	r := invoke(t, f, "hang")
	if r.Error == nil || r.Error.Type != fctest.TimedOut ||
		!strings.Contains(r.Error.Message, "did not answer within 1s") {
		t.Errorf("%s, %+v", r.Payload, r.Error)
	}
	echoes(t, f)
	if last, _ := f.Process(); last.Pid == first.Pid {
		t.Error("the process was not restarted")
	}
}

// echoes wants an answer within the second that the function has for one.
func echoes(t *testing.T, f *fctest.Function) {
	t.Helper()
	fctest.InTime(t, func() error {
		if r := invoke(t, f, "echo"); string(r.Payload) != `"echo"` {
			return fmt.Errorf("got %s, %v", r.Payload, r.Error)
		}
		return nil
	})
}

func TestKillFailsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	f := start(t, fctest.Options{})
	done := make(chan fctest.Response)
	go func() {
		r, _ := f.Invoke(context.Background(), []byte("hang"))
		done <- r
	}()
	f.Kill() // before the event is taken or after: either way it must end
	for killed := false; !killed; {
		select {
		case r := <-done:
			killed = true
			if r.Error == nil || r.Error.Type != fctest.ProcessExited {
				t.Errorf("got %+v", r)
			}
		case <-time.After(10 * time.Millisecond):
			f.Kill()
		}
	}
	if r := invoke(t, f, "echo"); string(r.Payload) != `"echo"` {
		t.Errorf("after the kill: %+v", r)
	}
}

func TestAnAbandonedInvocationKeepsItsPlace(t *testing.T) {
	t.Parallel()
	f := start(t, fctest.Options{Timeout: time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Invoke(ctx, []byte("hang")); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	echoes(t, f)
}

func TestSeveralInFlightWhenAsked(t *testing.T) {
	t.Parallel()
	f := start(t, fctest.Options{Concurrency: 2, Timeout: 20 * time.Second})
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if r, err := f.Invoke(t.Context(), []byte("meet")); err != nil || string(r.Payload) != `"met"` {
				t.Errorf("got %s %+v, %v", r.Payload, r.Error, err)
			}
		})
	}
	group.Wait()
}

func TestAFunctionThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	binary, _ := os.Executable()
	_, err := fctest.Start(t.Context(), binary, fctest.Options{Env: []string{"KIND=broken"}})
	if err == nil || !strings.Contains(err.Error(), "exit status 1") ||
		!strings.Contains(err.Error(), "OSS_BUCKET: is not set") {
		t.Error(err)
	}
	_, err = fctest.Start(t.Context(), binary+"-missing", fctest.Options{})
	if err == nil || !strings.Contains(err.Error(), "-missing") {
		t.Error(err)
	}
}

func TestNothingRunsAfterStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	binary, _ := os.Executable()
	f, err := fctest.Start(ctx, binary, fctest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.Stop()
	f.Stop()
	cancel()
	if _, state := f.Process(); state == nil {
		t.Error("the process still runs")
	}
	if _, err := f.Invoke(t.Context(), nil); !errors.Is(err, fctest.ErrStopped) {
		t.Error(err)
	}
}

func TestBinaryIsBuiltOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles a program: runs without -short, as CI does")
	}
	const hello = "community-images/shared/fcrun/fctest/testdata/hello"
	one, two := fctest.Binary(t, hello), fctest.Binary(t, hello)
	f, err := fctest.Start(t.Context(), one, fctest.Options{})
	if err != nil || one != two {
		t.Fatal(one, two, err)
	}
	defer f.Stop()
	r, err := f.Invoke(t.Context(), []byte(`{}`))
	if err != nil || r.Error != nil {
		t.Fatal(err, r.Error)
	}
	if out, err := fctest.ParseHTTPResponse(r.Payload); err != nil || out.Status != 200 || string(out.Body) != "hello\n" {
		t.Errorf("got %+v, %v", out, err)
	}
}
