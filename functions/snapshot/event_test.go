package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/capture"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		event string
		want  capture.Request
	}{
		"a timer without a payload": {`{"triggerTime":"2026-11-23T09:00:00Z","triggerName":"t","payload":""}`,
			capture.Request{Trigger: "timer", Due: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}},
		"a timer that accepts": {
			`{"triggerTime":"2026-11-23T09:00:00Z","payload":"{\"accept\":[\"a/_any/_any\"]}"}`,
			capture.Request{Trigger: "timer", Accept: []string{"a/_any/_any"}}},
		"a timer with a JSON object": {`{"triggerTime":"x","triggerName":"t","payload":"{\"shard\":\"1/4\"}"}`,
			capture.Request{Trigger: "timer", Shard: capture.Shard{Index: 1, Count: 4}}},
		"nothing at all":  {``, capture.Request{Trigger: "direct"}},
		"null":            {` null `, capture.Request{Trigger: "direct"}},
		"an empty object": {`{}`, capture.Request{Trigger: "direct"}},
		"everything": {`{"regions":["a"],"clusters":["b"],"instanceTypes":["c"],"shard":"2/2"}`,
			capture.Request{Trigger: "direct", Regions: []string{"a"}, Clusters: []string{"b"},
				InstanceTypes: []string{"c"}, Shard: capture.Shard{Index: 2, Count: 2}}},
	} {
		got, err := parseEvent([]byte(tc.event), noon)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// TestClusterOfAnActionTrailRecord: ActionTrail's own records have no request
// parameters. They name the resources of a call in two members.
func TestClusterOfAnActionTrailRecord(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ members, want string }{
		"a list of referenced resources": {
			`"referencedResources":{"ACS::ECS::Instance":["i-1"],"ACS::EHPC::Cluster":["ehpc-hz-1"]}`, "ehpc-hz-1"},
		"an id without a known type": {`"referencedResources":{"ACS::ECS::Disk":["d-1"],"Other":["ehpc-hz-1"]}`,
			"ehpc-hz-1"},
		"a type with a name of another form": {`"referencedResources":{"ACS::EHPC::Cluster":["cluster-one"]}`,
			"cluster-one"},
		"the names of resources": {`"resourceType":"ACS::EHPC::Cluster","resourceName":"cluster-one"`, "cluster-one"},
		"several types of resources": {`"resourceType":"ACS::ECS::Instance;ACS::EHPC::Cluster",` +
			`"resourceName":"i-1,i-2;ehpc-hz-1"`, "ehpc-hz-1"},
		"request parameters count first": {`"requestParameters":{"ClusterId":"ehpc-hz-2"},"resourceName":"ehpc-hz-1"`,
			"ehpc-hz-2"},
		"nodes and disks are no clusters": {`"referencedResources":{"ACS::ECS::Instance":["i-1"]},"resourceName":"i-1"`,
			""},
		"members of other types": {`"referencedResources":["ehpc-hz-1"],"resourceName":{"a":"ehpc-hz-1"}`, ""},
	} {
		event := `{"eventId":"e","eventName":"AddNodes","serviceName":"EHPC","eventRW":"Write",` +
			`"eventTime":"2026-11-23T09:00:00Z","acsRegion":"cn-hangzhou",` + tc.members + `}`
		got, err := parseEvent([]byte(event), noon)
		if err != nil || len(got.Events) != 1 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		e := got.Events[0]
		if ignored := e.Outcome == "ignored"; e.ClusterID != tc.want || ignored != (tc.want == "") {
			t.Errorf("%s: cluster %q, outcome %q (%s); want cluster %q", name, e.ClusterID, e.Outcome, e.Reason, tc.want)
		}
	}
}

func TestEventsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{"cluster":["a"]}`:                     `unknown field "cluster"; allowed are "regions"`,
		`{"clusters":"a"}`:                      `clusters`,
		`{"shard":"5/4"}`:                       `shard: must be i/n with 1 <= i <= n <= 1000, got "5/4"`,
		`[]`:                                    `the batch of events is empty`,
		`{"clusters":[]} x`:                     `there is more`,
		`nonsense`:                              `allowed are`,
		`{"accept":["a/b/c"],"accept":[]}`:      `member "accept" is there twice`,
		"{\"clusters\":[\"\xe4\"]}":             `not UTF-8`,
		`{"triggerName":"t","triggerName":"u"}`: `member "triggerName" is there twice`,
		`{"triggerName":"t","payload":"{\"shard\":\"1/2\",\"shard\":\"2/2\"}"}`: `"shard" is there twice`,

		`{"source":"s","type":"ehpc:ClusterOperation:X","data":{"ClusterId":"a","ClusterId":"b"}}`: `"ClusterId" is there`,

		"{\"source\":\"s\",\"type\":\"t\xe4\"}":        `not UTF-8`,
		`{"source":"s","type":"t","subject":"\ud800"}`: `half of a surrogate pair`,
		`{"triggerName":"t","payload":"awesome"}`:      `reading the payload of the timer event`,
		`{"triggerName":"t","payload":"{\"x\":1}"}`:    `unknown field "x"`,
	} {
		if got, err := parseEvent([]byte(event), noon); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want an error with %q", event, got, err, want)
		}
	}
}

// An element of a batch that has a member twice is refused, and the others are taken.
func TestAmbiguousElementOfABatchIsRefused(t *testing.T) {
	t.Parallel()
	const created = `"source":"s","type":"ehpc:ClusterOperation:CreateCluster","data":{"ClusterId":"ehpc-1"}`
	req, err := parseEvent([]byte(`[{`+created+`},{`+created+`,"type":"x"}]`), noon)
	if err != nil || len(req.Events) != 2 {
		t.Fatalf("%+v, %v", req, err)
	}
	if good, bad := req.Events[0], req.Events[1]; good.Outcome != "" || good.ClusterID != "ehpc-1" ||
		bad.Outcome != capture.EventRefused || !strings.Contains(bad.Reason, `member "type" is there twice`) {
		t.Errorf("events are %+v", req.Events)
	}
	// Text within an event that is ambiguous JSON names no cluster.
	req, err = parseEvent([]byte(`{"source":"s","type":"ehpc:ClusterOperation:CreateCluster",`+
		`"data":"{\"ClusterId\":\"a\",\"ClusterId\":\"b\"}"}`), noon)
	if err != nil || req.Events[0].ClusterID != "" {
		t.Errorf("%+v, %v", req, err)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"triggerTime":"x","triggerName":"t","payload":"{\"shard\":\"1/4\"}"}`))
	f.Add([]byte(`{"regions":["a"],"shard":"2/2"}`))
	f.Add([]byte(readEventFile(f, "batch")))
	f.Add([]byte(readEventFile(f, "trail-delete-cluster")))
	for _, seed := range []string{
		`[null,1,"x",{},[],{"source":"s","type":"t"}]`, `{"source":null,"specversion":null,"triggerTime":null}`,
		"\xef\xbb\xbf{}", "[", "null\x00",
		// text in text
		`{"eventName":"CreateCluster","serviceName":"EHPC","eventTime":"9999-12-31T23:59:59-23:59",` +
			`"requestParameters":"{\"a\":\"{\\\"ClusterId\\\":\\\"ehpc-1\\\"}\"}"}`,
		"{\"specversion\":\"1.0\",\"type\":\"ehpc:ClusterOperation:\xff\",\"data\":{\"clu\u017fterid\":\"x\"," +
			"\"CLUSTERID\":{\"ClusterId\":1},\"\xff\":[]},\"subject\":\":::://\",\"time\":\"0000-01-01T00:00:00Z\"}",
		`{"triggerName":"t","payload":"{\"shard\":\"9223372036854775808/-1\"}"}`,
		`{"triggerName":"t","payload":"null"}`, `{"accept":["../x","a/b/c"],"Regions":["x"],"regions":null,"shard":""}`,
		`{"regions":["a"]}{}`,
		`{"specversion":"1.0","type":"t","data":` + strings.Repeat(`{"a":`, 9_000) + `1` + strings.Repeat(`}`, 9_000) +
			`}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		req, err := parseEvent(event, noon)
		if err == nil && req.Trigger == "" {
			t.Errorf("%q has no trigger", event)
		}
	})
}

// TestEventsThroughTheRuntime sends a batch to the real binary, as EventBridge
// does, and again: the second time there is nothing to do.
func TestEventsThroughTheRuntime(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	f := w.startFunction("snapshot")
	invoke := func() (r capture.Report) {
		response, err := f.Invoke(t.Context(), []byte(readEventFile(t, "batch")))
		if err != nil || response.Error != nil {
			t.Fatal(err, response.Error)
		}
		if err := json.Unmarshal(response.Payload, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := invoke(); r.Trigger != "event" || len(r.Events) != 5 || r.Regions[0].Sequence != 1 ||
		r.Counts.Planned != 2 || r.Counts.Changed != 2 {
		t.Errorf("the batch: %+v, %+v", r, r.Events)
	}
	if r := invoke(); r.Calls != 0 || r.Events[0].Outcome != "skipped" || r.Regions[0].Sequence != 1 {
		t.Errorf("the batch again: %+v, %+v", r, r.Events)
	}
	if response, err := f.Invoke(t.Context(), []byte(`[{"a":1}]`)); err != nil || response.Error == nil ||
		!strings.Contains(response.Error.Message, "element 1 of 1") {
		t.Errorf("garbage: %+v, %v", response, err)
	}
	f.Stop()
	logged := strings.Join(w.logLines(), "\n")
	for _, want := range []string{`"message":"event","functionName":"snapshot"`, `"outcome":"refused"`,
		`"message":"region done"`, `"trigger":"event"`, `"planned":2`} {
		if !strings.Contains(logged, want) {
			t.Errorf("%s is not in\n%s", want, logged)
		}
	}
}
