package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestMissingFlagsAreReportedTogether(t *testing.T) {
	t.Parallel()
	var out, faults bytes.Buffer
	args := strings.Fields("-param Schedule=10m -param QueryCpu=lots -param Gzip=yes -param Retntion=2mo " +
		"-param SnapshotMemory=64 -param LogDays= -param HeadTtl=25h")
	if code := run(t.Context(), args, process{stdout: &out, stderr: &faults}); code != 2 || out.Len() > 0 {
		t.Errorf("exit %d, %s", code, out.String())
	}
	want := `deploy: ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to deploy with
deploy: ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the secret of the access key
deploy: -region is not set: the region to deploy to, such as cn-hangzhou
deploy: -bucket is not set: the bucket for the snapshots; its name must be new in all of OSS
deploy: -code-bucket is not set: the bucket for the code packages; -create-code-bucket creates it
deploy: the template has no parameter "Retntion"; did you mean Retention?; it has <all>
deploy: parameter Schedule: "10m" is not allowed; allowed: @every 10m, or 0 */10 * * * *, or CRON_TZ=Asia/Shanghai 0 0 4 * * *
deploy: parameter Gzip: "yes" is not allowed; allowed: true, false
deploy: parameter SnapshotMemory: "64" is not allowed; allowed: 128 to 32768
deploy: parameter QueryCpu: "lots" is not a number; allowed: 0.05 to 16
deploy: parameter LogDays: "" is not a number; allowed: 1 to 3600
deploy: parameter HeadTtl: QUERY_HEAD_TTL="25h": is not a duration in its range; allowed: 0s to 24h, written like 90s, 5m or 1h30m
deploy: run with -h for the flags
`
	got := regexp.MustCompile(`it has Alarm.*`).ReplaceAllString(faults.String(), "it has <all>")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	environ := []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret"}
	const good = "-region cn-hangzhou -bucket the-data -code-bucket the-code "
	for _, row := range []struct{ args, says string }{
		{"-h", "Usage: go run ./scripts/deploy"},
		{good + "now", "unexpected argument at place 7: everything is a flag"},
		{good + "-region cn_hangzhou", `-region "cn_hangzhou" is not a region id`},
		{good + "-regions cn-hangzhou,CN", `-regions: "CN" is not a region id`},
		{good + "-regions cn-hangzhou,", `-regions: "" is not a region id`},
		{good + "-bucket Data", `-bucket "Data" is not 3 to 63 lower-case`},
		{good + "-stack -x", `-stack "-x" is not 1 to 255`},
		{good + "-bucket the-code", `-bucket and -code-bucket are both "the-code"`},
		{good + "-timeout 1ms", "-timeout 1ms is not from 1s to 24h"},
		{good + "-delete-data the-data", "-delete-data goes with -destroy only"},
		{good + "-plan -destroy", "exclude each other"},
		{good + "-param Secret", "deploy: -param number 1 is not of the form Name=Value"},
		{good + "-param-file tokens.json", "deploy: -param-file number 1 is not of the form Name=FILE"},
		{good + "-param QueryCode=x", "parameter QueryCode is set by the build"},
		{good + "-param A=1 -param A=2", "parameter A is given twice"},
		{good + "-version a/b", `version "a/b" is not`},
		{good + "-ros-endpoint ros.aliyuncs.com", `endpoint "ros.aliyuncs.com" is not an http or https URL`},
	} {
		var out, faults bytes.Buffer
		code := run(t.Context(), strings.Fields(row.args), process{
			environ: environ, dir: ".", stdout: &out, stderr: &faults, build: buildOnce,
		})
		want := 2
		if row.args == "-h" {
			want = 0
		}
		if code != want || !strings.Contains(faults.String(), row.says) {
			t.Errorf("%s: exit %d\n%s", row.args, code, faults.String())
		}
	}
}

// TestValuesOfParametersAreNotShown mistypes flags whose value is a secret.
// Package flag would repeat the value.
func TestValuesOfParametersAreNotShown(t *testing.T) {
	t.Parallel()
	environ := []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret"}
	for _, row := range []struct {
		name string
		args []string
		says string
	}{
		{"a parameter twice", []string{"-param", "CertificateKey=TOPSECRET1", "-param", "CertificateKey=TOPSECRET2"},
			"deploy: parameter CertificateKey is given twice"},
		{"a colon for the equals sign", []string{"-param", "HttpAuth=jwt", "-param",
			`QueryAccessKeys:[{"secret":"TOPSECRET"}]`}, "deploy: -param number 2 is not of the form Name=Value"},
		{"a colon, and an equals sign in the value", []string{"-param", `QueryAccessKeys:[{"secret":"TOPSECRET="}]`},
			"deploy: -param number 1 is not of the form Name=Value"},
		{"no name", []string{"-param", "=TOPSECRET"}, "deploy: -param number 1 is not of the form Name=Value"},
		{"a blank after the equals sign", []string{"-param", "QueryTokens=", "TOPSECRET"},
			"deploy: unexpected argument at place 9: everything is a flag"},
		{"a parameter of another flag", []string{"-param", "QueryCode=TOPSECRET"},
			"deploy: parameter QueryCode is set by the build"},
		{"a value in place of a file", []string{"-param-file", "CertificateKey=TOPSECRET"},
			"deploy: -param-file CertificateKey: reading the file: no such file or directory"},
		{"a file that is not named", []string{"-param-file", "TOPSECRET"},
			"deploy: -param-file number 1 is not of the form Name=FILE"},
		{"a parameter that the template does not have", []string{"-param", "Certificatekey=TOPSECRET"},
			`deploy: the template has no parameter "Certificatekey"`},
	} {
		args := append([]string{"-region", "cn-hangzhou", "-bucket", "the-data", "-code-bucket", "the-code"},
			row.args...)
		var out, faults bytes.Buffer
		code := run(t.Context(), args, process{
			environ: environ, dir: ".", stdout: &out, stderr: &faults, build: buildOnce,
		})
		if said := out.String() + faults.String(); code != 2 || !strings.Contains(said, row.says) ||
			strings.Contains(said, "TOPSECRET") {
			t.Errorf("%s: exit %d, want %q and no value:\n%s", row.name, code, row.says, said)
		}
	}
}
