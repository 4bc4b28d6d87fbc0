package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestEverythingThatIsMissingIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	var out, faults bytes.Buffer
	if code := run(t.Context(), nil, world{out: &out, faults: &faults}); code != 2 || out.Len() > 0 {
		t.Errorf("exit %d, %s", code, out.String())
	}
	want := `deploy: ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to deploy with
deploy: ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the secret of the access key
deploy: -region is not set: the region to deploy to, such as cn-hangzhou
deploy: -bucket is not set: the bucket for the snapshots; its name must be new in all of OSS
deploy: -code-bucket is not set: the bucket for the code packages; with -create-code-bucket it is made
`
	if faults.String() != want {
		t.Errorf("got\n%swant\n%s", faults.String(), want)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	environ := []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret"}
	const good = "-region cn-hangzhou -bucket the-data -code-bucket the-code "
	for _, row := range []struct{ args, says string }{
		{"-h", "Usage: go run ./scripts/deploy"},
		{good + "now", `unexpected argument "now"`},
		{good + "-region cn_hangzhou", `-region "cn_hangzhou" is not a region id`},
		{good + "-bucket Data", `-bucket "Data" is not 3 to 63 lower-case`},
		{good + "-stack -x", `-stack "-x" is not 1 to 255`},
		{good + "-bucket the-code", `-bucket and -code-bucket are both "the-code"`},
		{good + "-timeout 1ms", "-timeout 1ms is not from 1s to 24h"},
		{good + "-delete-data the-data", "-delete-data goes with -destroy only"},
		{good + "-plan -destroy", "exclude each other"},
		{good + "-param Secret", "is not of the form Name=Value"},
		{good + "-param-file tokens.json", "is not of the form Name=FILE"},
		{good + "-param QueryCode=x", "parameter QueryCode is set by the build"},
		{good + "-param A=1 -param A=2", "parameter A is given twice"},
		{good + "-version a/b", `version "a/b" is not`},
		{good + "-ros-endpoint ros.aliyuncs.com", `endpoint "ros.aliyuncs.com" is not an http or https URL`},
	} {
		var out, faults bytes.Buffer
		code := run(t.Context(), strings.Fields(row.args), world{environ: environ, dir: ".", out: &out, faults: &faults, make: made})
		want := 2
		if row.args == "-h" {
			want = 0
		}
		if code != want || !strings.Contains(faults.String(), row.says) {
			t.Errorf("%s: exit %d\n%s", row.args, code, faults.String())
		}
	}
}
