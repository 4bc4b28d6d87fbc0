package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/capture"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		event string
		want  capture.Request
	}{
		"a timer without a payload":  {`{"triggerTime":"2026-11-23T09:00:00Z","triggerName":"t","payload":""}`, capture.Request{Trigger: "timer"}},
		"a timer with a JSON object": {`{"triggerTime":"x","triggerName":"t","payload":"{\"shard\":\"1/4\"}"}`, capture.Request{Trigger: "timer", Shard: capture.Shard{Index: 1, Count: 4}}},
		"nothing at all":             {``, capture.Request{Trigger: "direct"}},
		"null":                       {` null `, capture.Request{Trigger: "direct"}},
		"an empty object":            {`{}`, capture.Request{Trigger: "direct"}},
		"everything": {`{"regions":["a"],"clusters":["b"],"instanceTypes":["c"],"shard":"2/2"}`,
			capture.Request{Trigger: "direct", Regions: []string{"a"}, Clusters: []string{"b"}, InstanceTypes: []string{"c"}, Shard: capture.Shard{Index: 2, Count: 2}}},
	} {
		got, err := parseEvent([]byte(tc.event))
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestEventsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{"cluster":["a"]}`: `unknown field "cluster"; allowed are "regions"`,
		`{"clusters":"a"}`:  `clusters`,
		`{"shard":"5/4"}`:   `shard: "5/4"`,
		`[]`:                `allowed are`,
		`{"clusters":[]} x`: `more follows`,
		`nonsense`:          `allowed are`,
		`{"triggerName":"t","payload":"awesome"}`:   `reading the payload of the timer event`,
		`{"triggerName":"t","payload":"{\"x\":1}"}`: `unknown field "x"`,
	} {
		if got, err := parseEvent([]byte(event)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want an error with %q", event, got, err, want)
		}
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"triggerTime":"x","triggerName":"t","payload":"{\"shard\":\"1/4\"}"}`))
	f.Add([]byte(`{"regions":["a"],"shard":"2/2"}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		req, err := parseEvent(event)
		if err == nil && req.Trigger == "" {
			t.Errorf("%q has no trigger", event)
		}
	})
}
