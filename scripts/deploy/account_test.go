package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/scripts/build/bundle"
	"community-images/scripts/build/bundle/bundletest"
	"community-images/scripts/deploy/deploytest"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket/osstest"
)

// account is a cloud with an account in it, and somebody who deploys.
type account struct {
	*deploytest.Cloud
	t   *testing.T
	oss *osstest.Server
	url string // of OSS
	key cloud.Credentials
	// retryTime of the command
	retryTime time.Duration
}

func newAccount(t *testing.T) *account {
	t.Helper()
	key := cloud.Credentials{AccessKeyID: "STS.deployer", AccessKeySecret: "the-deployers-secret",
		SecurityToken: "the-deployers-token"}
	role := cloud.Credentials{AccessKeyID: "STS.role", AccessKeySecret: "the-roles-secret",
		SecurityToken: "the-roles-token"}
	asKey := func(c cloud.Credentials) osstest.Key {
		return osstest.Key{ID: c.AccessKeyID, Secret: c.AccessKeySecret, Token: c.SecurityToken}
	}
	store, err := osstest.New(osstest.Options{Keys: []osstest.Key{asKey(key), asKey(role)}})
	if err != nil {
		t.Fatal(err)
	}
	oss := httptest.NewServer(store)
	ehpc := httptest.NewServer(ehpctest.New(ehpctest.Options{
		Data: ehpctest.NewSimulation(1),
		Keys: map[string]ehpctest.Key{role.AccessKeyID: {Secret: role.AccessKeySecret, Token: role.SecurityToken}},
	}))
	t.Cleanup(func() { oss.Close(); ehpc.Close() })
	return &account{
		t: t, oss: store, url: oss.URL, key: key, retryTime: 30 * time.Second,
		Cloud: deploytest.Start(t, deploytest.Options{Region: "cn-hangzhou", Key: key, Role: role, OSS: oss.URL,
			EHPC: ehpc.URL, Step: time.Millisecond, Env: []string{"SNAPSHOT_QPS=1000"}}),
	}
}

// outcome is what a run of the command did.
type outcome struct {
	code        int
	out, faults string
}

func (o outcome) String() string { return fmt.Sprintf("exit %d\n%s%s", o.code, o.out, o.faults) }

// deploy runs the command with the flags that every run needs, and more, which
// are divided by blanks.
func (a *account) deploy(ctx context.Context, more string, in string) outcome {
	a.t.Helper()
	return a.deployFrom(ctx, more, strings.NewReader(in))
}

func (a *account) deployFrom(ctx context.Context, more string, in io.Reader) outcome {
	a.t.Helper()
	args := []string{"-region", "cn-hangzhou", "-bucket", "the-data", "-code-bucket", "the-code", "-ros-endpoint",
		a.ROS, "-fc-endpoint", a.FC, "-oss-endpoint", a.url}
	var out, faults bytes.Buffer
	o := outcome{code: run(ctx, append(args, strings.Fields(more)...), process{
		environ: []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=" + a.key.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" +
			a.key.AccessKeySecret, "ALIBABA_CLOUD_SECURITY_TOKEN=" + a.key.SecurityToken},
		dir: ".", stdin: in, stdout: &out, stderr: &faults,
		pollInterval: 5 * time.Millisecond, retryTime: a.retryTime, build: buildOnce,
	})}
	o.out, o.faults = out.String(), faults.String()
	if all := o.out + o.faults; strings.Contains(all, a.key.AccessKeySecret) ||
		strings.Contains(all, a.key.SecurityToken) {
		a.t.Errorf("shows a secret:\n%s", all)
	}
	return o
}

// expect runs the command and looks for texts in what it says.
func (a *account) expect(more string, code int, says ...string) outcome {
	a.t.Helper()
	o := a.deploy(a.t.Context(), more, "")
	o.must(a.t, more, code, says...)
	return o
}

func (o outcome) must(t *testing.T, what string, code int, says ...string) {
	t.Helper()
	if o.code != code {
		t.Fatalf("%s: want exit %d, got %s", what, code, o)
	}
	for _, text := range says {
		if !strings.Contains(o.out+o.faults, text) {
			t.Errorf("%s: does not say %q:\n%s", what, text, o)
		}
	}
}

// objects lists the keys of a bucket; nil if there is no such bucket.
func (a *account) objects(bucket string) []string {
	a.t.Helper()
	keys, err := a.open(bucket).List(a.t.Context(), "")
	if err != nil {
		return nil
	}
	return keys
}

// builds holds the packages of the versions that tests ask for.
var builds sync.Map

// buildOnce is bundle.Make, once for each version.
func buildOnce(_ context.Context, o bundle.Options) ([]bundle.Bundle, error) {
	if o.Version == "mislabelled" { // its binaries say something else
		o.Version = "v1"
	}
	build, _ := builds.LoadOrStore(o.Version, sync.OnceValues(func() ([]bundle.Bundle, error) {
		return bundletest.Make(o.Version)
	}))
	return build.(func() ([]bundle.Bundle, error))()
}
