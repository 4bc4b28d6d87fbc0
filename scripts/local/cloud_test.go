package main

import (
	"strings"
	"testing"

	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket/osstest"
)

// TestCloudStoresInTheGivenBucket runs -cloud against local endpoints in place of the cloud's.
func TestCloudStoresInTheGivenBucket(t *testing.T) {
	t.Parallel()
	store := osstest.Start(t, "")
	upstream, err := ehpctest.Listen(ehpctest.New(ehpctest.Options{
		Data: ehpctest.NewSimulation(1),
		Keys: map[string]ehpctest.Key{store.Key.ID: {Secret: store.Key.Secret, Token: store.Key.Token}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { upstream.Close() })
	env := []string{
		"EHPC_REGIONS=cn-hangzhou", "EHPC_ENDPOINT=" + upstream.URL, "SNAPSHOT_QPS=1000",
		"OSS_ENDPOINT=" + store.URL, "OSS_BUCKET=" + store.Bucket, "OSS_PREFIX=a/b",
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + store.Key.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + store.Key.Secret,
		"ALIBABA_CLOUD_SECURITY_TOKEN=" + store.Key.Token,
		"UNRELATED=kept out",
	}
	var out, faults syncBuffer
	args := []string{"-once", "-cloud", "-data", t.TempDir()}
	if code := run(t.Context(), args, newProcess(env, &out, &faults, compileOnce(t))); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out.String(), faults.String())
	}
	for _, says := range []string{
		"cn-hangzhou         1",
		"stored below oss://" + store.Bucket + "/a/b/v1/",
		"ossutil cat oss://" + store.Bucket + "/a/b/v1/cn-hangzhou/clusters/",
	} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("does not say %q:\n%s", says, out.String())
		}
	}
	if all := out.String() + faults.String(); strings.Contains(all, store.Key.Secret) ||
		strings.Contains(all, "embedded") || strings.Contains(all, "seed") {
		t.Errorf("says too much:\n%s", all)
	}
}

func TestCloudReachesOSSFromOutside(t *testing.T) {
	t.Parallel()
	env, home, err := cloudEnv([]string{"OSS_BUCKET=b-1", "EHPC_REGIONS=cn-beijing,cn-hangzhou",
		"ALIBABA_CLOUD_ACCESS_KEY_ID=a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=b", "HOME=/x"})
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(env, " "); home != "cn-beijing" ||
		!strings.Contains(all, "OSS_ENDPOINT=https://oss-cn-beijing.aliyuncs.com") || strings.Contains(all, "HOME=") {
		t.Errorf("home %q, environment %s", home, all)
	}
}
