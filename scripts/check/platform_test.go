package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// absent is what a property must not be set to, whatever the value.
const absent = "absent"

// TestTemplateMeetsFunctionComputeRules holds the deployment by default against what Function
// Compute asks of go1 functions, and what is promised of data and access: the
// models would allow everything else as well.
func TestTemplateMeetsFunctionComputeRules(t *testing.T) {
	t.Parallel()
	const trust = `{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow",` +
		`"Principal":{"Service":["fc.aliyuncs.com"]}}],"Version":"1"}`
	resources := resourcesWith(t, map[string]any{"DomainName": "images.example.com", "ClusterEvents": "true"})
	for _, row := range []struct{ why, resource, property, want string }{
		{"the binary is for go1", "SnapshotFunction", "Runtime", `"go1"`},
		{"the binary is for go1", "QueryFunction", "Runtime", `"go1"`},
		{"the handler is the binary", "SnapshotFunction", "Handler", `"snapshot"`},
		{"the handler is the binary", "QueryFunction", "Handler", `"query"`},
		{"go1 serves one request at a time", "SnapshotFunction", "InstanceConcurrency", absent},
		{"go1 serves one request at a time", "QueryFunction", "InstanceConcurrency", absent},
		{"a line is an entry", "SnapshotFunction", "LogConfig.LogBeginRule", `"None"`},
		{"a line is an entry", "QueryFunction", "LogConfig.LogBeginRule", `"None"`},
		{"none but Function Compute takes the role", "SnapshotRole", "AssumeRolePolicyDocument", trust},
		{"none but Function Compute takes the role", "QueryRole", "AssumeRolePolicyDocument", trust},
		{"the bucket is private", "Bucket", "AccessControl", `"private"`},
		{"the bucket is private", "Bucket", "BlockPublicAccess", `true`},
		{"the bucket is private", "Bucket", "Policy", absent},
		{"data is encrypted", "Bucket", "ServerSideEncryptionConfiguration.SSEAlgorithm", `"AES256"`},
		{"versions break writes that must not replace", "Bucket", "VersioningConfiguration", absent},
		{"data is never thrown away", "Bucket", "DeletionForce", `false`},
		{"nothing that is stored expires", "Bucket", "LifecycleConfiguration.Rule",
			`[{"AbortMultipartUpload":{"Days":3},"ID":"abort-multipart-uploads","Prefix":"","Status":"Enabled"}]`},
		{"who asks must sign", "QueryHttp", "TriggerConfig.authType", `"function"`},
		{"all methods are served", "QueryHttp", "TriggerConfig.methods", `["GET","HEAD","POST"]`},
		{"who asks the domain must sign", "QueryDomain", "AuthConfig.AuthType", `"function"`},
		{"all methods are served by the domain", "QueryDomain", "RouteConfig.Routes",
			`[{"FunctionName":"<QueryFunction.FunctionName>","Methods":["GET","HEAD","POST"],` +
				`"Path":"/*","Qualifier":"LATEST"}]`},
		{"the timer fires and tells nothing special", "SnapshotTimer", "TriggerConfig",
			`{"cronExpression":"@every 10m","enable":true,"payload":""}`},
		{"events wait instead of being refused", "SnapshotEvents", "TriggerConfig.asyncInvocationType", `true`},
		{"events come with their envelope", "SnapshotEvents",
			"TriggerConfig.eventSinkConfig.deliveryOption.eventSchema", `"CloudEvents"`},
		{"runs do not overlap", "SnapshotConcurrency", "ReservedConcurrency", `1`},
	} {
		if got := property(t, resources[row.resource].Properties, row.property); got != row.want {
			t.Errorf("%s: %s.%s is %s, want %s", row.why, row.resource, row.property, got, row.want)
		}
	}
}

// property is the value at a dotted path, in JSON.
func property(t *testing.T, properties map[string]any, path string) string {
	t.Helper()
	value := any(properties)
	for name := range strings.SplitSeq(path, ".") {
		within, _ := value.(map[string]any)
		inner, set := within[name]
		if !set {
			return absent
		}
		value = inner
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(text))
}

// TestMemoryTimeoutsAndEventAge: what the defaults ask of Function Compute it gives, and a run, an
// event that waits for it and the next tick fit into one another.
func TestMemoryTimeoutsAndEventAge(t *testing.T) {
	t.Parallel()
	s := &stack{t: t, resources: resourcesWith(t, nil)}
	var timeout float64
	for _, name := range []string{"QueryFunction", "SnapshotFunction"} {
		var f struct{ Cpu, MemorySize, Timeout float64 }
		s.decode(name, &f)
		if math.Mod(f.MemorySize, 64) != 0 || math.Abs(f.Cpu*20-math.Round(f.Cpu*20)) > 1e-9 {
			t.Errorf("%s: %v MB is no multiple of 64, or %v vCPU none of 0.05", name, f.MemorySize, f.Cpu)
		}
		if ratio := f.MemorySize / 1024 / f.Cpu; ratio < 1 || ratio > 4 {
			t.Errorf("%s: a vCPU has %v GB of memory; 1 to 4 are allowed", name, ratio)
		}
		timeout = f.Timeout
	}
	const tick = 600 // s, as TestTemplateMeetsFunctionComputeRules has the timer
	var async struct{ MaxAsyncEventAgeInSeconds float64 }
	s.decode("SnapshotAsync", &async)
	if timeout > tick || async.MaxAsyncEventAgeInSeconds < timeout+tick {
		t.Errorf("a run may take %v s and an event wait %v s; the timer fires every %v s", timeout,
			async.MaxAsyncEventAgeInSeconds, tick)
	}
}

// TestOnlyTheBucketIsRetained: what ROS does with the bucket is no property of it.
func TestOnlyTheBucketIsRetained(t *testing.T) {
	t.Parallel()
	var template struct {
		Resources map[string]struct {
			DeletionPolicy string `yaml:"DeletionPolicy"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal([]byte(readTemplate(t)), &template); err != nil {
		t.Fatal(err)
	}
	for name, r := range template.Resources {
		if kept := r.DeletionPolicy == "Retain"; kept != (name == "Bucket") {
			t.Errorf("%s: DeletionPolicy %q", name, r.DeletionPolicy)
		}
	}
}
