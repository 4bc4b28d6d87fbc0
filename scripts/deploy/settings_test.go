package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/scripts/deploy/ros"
)

// TestSettingsThatTheFunctionsRefuse gives parameters that the template accepts
// and with which a function would not start.
func TestSettingsThatTheFunctionsRefuse(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	hash := strings.Repeat("0", 64)
	for _, row := range []struct{ param, says string }{
		{"Retention=30d",
			`deploy: parameter Retention: "30d" is not allowed; allowed: A number up to 1200 followed by mo, y or d`},
		{"Retention=1201mo", `parameter Retention: "1201mo" is not allowed; `},
		{"MaxStale=0s",
			`parameter MaxStale: "0s" is not allowed; allowed: A duration such as 90s, 30m or 1h30m, from 1s to 8784h`},
		{"MaxStale=9000h", "parameter MaxStale: QUERY_MAX_STALE="},
		{"HeadTtl=25h", "parameter HeadTtl: QUERY_HEAD_TTL="},
		{"Concurrency=1.5", `parameter Concurrency: SNAPSHOT_CONCURRENCY="1.5": is not a whole number`},
		{"ShrinkGuard=0.5", "parameter ShrinkGuard: SNAPSHOT_SHRINK_GUARD="},
		{"Clusters=_any", `parameter Clusters: "_any" is not allowed; allowed: * or cluster ids`},
		{"Clusters=..", `parameter Clusters: ".." is not allowed; `},
		{"InstanceTypes=auto,x", `parameter InstanceTypes: "auto,x" is not allowed; allowed: auto, none, or instance types`},
		{"OssEndpoint=https://a:b", `parameter OssEndpoint: "https://a:b" is not allowed; allowed: A URL`},
		{"OssEndpoint=https://a:99999", "parameter OssEndpoint: OSS_ENDPOINT="},
		{"QueryTokens=[]", "parameter QueryTokens: the value is not allowed; allowed: A JSON list of objects"},
		{`QueryTokens=[{"name":"ci","sha256":"` + hash + `","hunter2":1}]`,
			"parameter QueryTokens: QUERY_TOKENS: entry 1: has a member that is not known"},
		{`QueryAccessKeys=[{"name":"ci","id":"CIAK-0001","secret":"hunter2"}]`,
			"parameter QueryAccessKeys: QUERY_ACCESS_KEYS: entry 1: secret is weak"},
		{`Payload={"region":["cn-hangzhou"]}`,
			`parameter Payload: json: unknown field "region"; allowed are "regions"`},
		{`Payload={"regions":["cn-beijing"]}`,
			`parameter Payload: regions: "cn-beijing" is not captured here; allowed are cn-hangzhou`},
		{`Payload={"shard":"5/4"}`, `parameter Payload: shard: must be i/n with 1 <= i <= n <= 1000, got "5/4"`},
	} {
		o := a.expect("-yes -version v1 -create-code-bucket -param "+row.param, 2, row.says)
		if said := o.out + o.faults; strings.Contains(said, "hunter2") ||
			strings.Count(said, "parameter "+strings.Split(row.param, "=")[0]+": ") != 1 {
			t.Errorf("%s: shows a value, or the fault is not reported once: %s", row.param, o)
		}
	}
	a.expect("-yes -version v1 -regions cn-hangzhou,cn-beijing,cn-hangzhou", 2,
		`parameter Regions (-regions): "cn-hangzhou" is named twice`)
	a.expect("-plan -version v1 -param Retention=30d -param HeadTtl=25h", 2, "deploy: parameter Retention: ",
		"\ndeploy: parameter HeadTtl: ")
	if calls := a.Calls(); slices.Contains(calls, "PreviewStack") || slices.Contains(calls, "CreateStack") ||
		a.objects("the-code") != nil {
		t.Errorf("something was begun: %q", calls)
	}
}

// TestSettingsThatTheStackHas checks parameters that are not given: they keep
// the stack's values, which may be wrong.
func TestSettingsThatTheStackHas(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	token := `QueryTokens=[{"name":"ci","sha256":"` + strings.Repeat("0", 64) + `"}]`
	a.expect("-yes -version v1 -create-code-bucket -param HttpAuth=anonymous -param "+token, 0)
	client, err := ros.New(a.ROS, "cn-hangzhou", a.key, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	stack, err := client.Find(t.Context(), "community-images")
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Update(t.Context(), stack.ID,
		ros.Spec{Template: string(body), Parameters: ros.Parameters{"HeadTtl": "25h"}, Token: "t"}); err != nil {
		t.Fatal(err)
	}
	a.expect("-yes -version v1", 2,
		`deploy: parameter HeadTtl: QUERY_HEAD_TTL="25h": is not a duration in its range; allowed: 0s to 24h`)
	a.expect("-yes -version v1 -param HeadTtl=5s", 0, "reports version v1: deployed")
}

// TestSettingsThatAreNotShown has a template with NoEcho for a setting that is
// no secret for the functions.
func TestSettingsThatAreNotShown(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	path := changedTemplate(t, "\n  Clusters:\n", "\n  Clusters:\n    NoEcho: true\n")
	o := a.expect("-plan -version v1 -template "+path+" -param Clusters=ehpc-1,hunter2/", 2,
		"deploy: parameter Clusters: the value is not allowed; allowed: * or cluster ids")
	if strings.Contains(o.out+o.faults, "hunter2") {
		t.Errorf("shows a value: %s", o)
	}
	path = changedTemplate(t, "\n  HeadTtl:\n", "\n  HeadTtl:\n    NoEcho: true\n")
	o = a.expect("-plan -version v1 -template "+path+" -param HeadTtl=25h7s", 2,
		"deploy: parameter HeadTtl: QUERY_HEAD_TTL: is not a duration in its range; allowed: ")
	if strings.Contains(o.out+o.faults, "25h7s") {
		t.Errorf("shows a value: %s", o)
	}
}

// changedTemplate is a file with the repository's template, in which one text
// is replaced.
func changedTemplate(t *testing.T, old, new string) (path string) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil || !strings.Contains(string(body), old) {
		t.Fatalf("the template has no %q, %v", old, err)
	}
	path = filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(string(body), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTemplateThatOnlyROSCanEvaluate uses a function of ROS that is not known
// here. Then the settings are not checked beforehand.
func TestTemplateThatOnlyROSCanEvaluate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	path := changedTemplate(t, "QUERY_HEAD_TTL: {Ref: HeadTtl}",
		"QUERY_HEAD_TTL: {'Fn::Jq': [First, '.x', {Ref: HeadTtl}]}")
	a.expect("-plan -version v1 -template "+path, 1,
		"the functions' settings are not checked beforehand: evaluating line ", "Fn::Jq", "previewing stack")
}
