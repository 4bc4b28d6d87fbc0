package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"community-images/scripts/cloudstore"
	"community-images/shared/notify/notifytest"
	"community-images/shared/ossbucket/osstest"
)

// notify runs the command on a file, and returns what it prints and its exit code.
func notify(t *testing.T, file []byte, args ...string) (string, int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify.json")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code := run(t.Context(), append(args, path), []string{"NOTIFY_ALLOW_PRIVATE=true"}, &out, &out)
	return out.String(), code
}

// TestCheckAndTest: a file is checked, and each kind of receiver takes a sample.
func TestCheckAndTest(t *testing.T) {
	t.Parallel()
	var entries []string
	receivers := map[string]*notifytest.Receiver{}
	for _, kind := range []string{"webhook", "dingtalk", "feishu", "wecom", "slack"} {
		receivers[kind] = notifytest.Start(t, kind, kind)
		entries = append(entries, receivers[kind].Subscription(`"Language":"zh",`))
	}
	file := notifytest.File(entries...)
	if out, code := notify(t, file, "-check"); code != 0 || out != "notify.json has 5 subscriptions and no fault\n" {
		t.Errorf("-check: %d %s", code, out)
	}
	for kind, r := range receivers {
		out, code := notify(t, file, "-test", kind)
		got := r.Drain()
		if code != 0 || out != kind+" took the sample\n" || len(got) != 1 || !strings.Contains(got[0].Text, "测试") {
			t.Errorf("-test %s: %d %s, %v", kind, code, out, got)
		}
	}
	out, code := notify(t, file, "-test", "nobody")
	if code != 1 || !strings.Contains(out, `no subscription "nobody"; there are: webhook, dingtalk`) {
		t.Errorf("-test nobody: %d %s", code, out)
	}
	wrong := bytes.ReplaceAll(file, []byte("SEC8f"), []byte("SEC0f"))
	if out, code := notify(t, wrong, "-test", "dingtalk"); code != 1 || !strings.Contains(out, "answered errcode 310000") {
		t.Errorf("with a wrong secret: %d %s", code, out)
	}
	out, code = notify(t, []byte(`{"Subscriptions":[{"Name":"a"},{"Name":"b"}]}`), "-check")
	if code != 1 || strings.Count(out, "notify: Subscriptions[") != 4 {
		t.Errorf("a file with faults: %d %s", code, out)
	}
	file = notifytest.File(receivers["slack"].Subscription(`"Filter":{"Size__gt":"big"},`))
	want := "notify: Subscriptions[0].Filter.Size__gt: must be a decimal number within ±1.8e308, got \"big\"\n"
	if out, code := notify(t, file, "-check"); code != 1 || out != want {
		t.Errorf("a filter with a fault: %d %s", code, out)
	}
}

// TestFileInTheBucket: -cloud checks the file that the runs read.
func TestFileInTheBucket(t *testing.T) {
	t.Parallel()
	oss := osstest.Start(t, "")
	environ := []string{"OSS_BUCKET=" + oss.Bucket, "OSS_ENDPOINT=" + oss.URL,
		"EHPC_REGIONS=cn-hangzhou", "FC_REGION=" + oss.Region,
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + oss.Key.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + oss.Key.Secret,
		"ALIBABA_CLOUD_SECURITY_TOKEN=" + oss.Key.Token}
	check := func() (string, int) {
		var out bytes.Buffer
		code := run(t.Context(), []string{"-cloud", "-check"}, environ, &out, &out)
		return out.String(), code
	}
	if out, code := check(); code != 1 || !strings.Contains(out, `reading "community-images/notify.json"`) {
		t.Errorf("without the file: %d %s", code, out)
	}
	store, err := cloudstore.Open(environ)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Bucket.Put(t.Context(), store.Keys.Notify(), notifytest.File()); err != nil {
		t.Fatal(err)
	}
	if out, code := check(); code != 0 || !strings.Contains(out, "0 subscriptions") {
		t.Errorf("%d %s", code, out)
	}
}
