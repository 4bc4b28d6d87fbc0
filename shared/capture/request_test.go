package capture_test

import (
	"strings"
	"testing"

	"community-images/shared/capture"
)

func TestRequestsThatCannotBeServed(t *testing.T) {
	t.Parallel()
	s := capture.Settings{Regions: []string{"hz", "sh"}, Clusters: []string{"c1"}}
	for _, tc := range []struct {
		req  capture.Request
		want string
	}{
		{capture.Request{Regions: []string{"bj"}}, `regions: "bj" is not captured here; allowed are hz, sh`},
		{capture.Request{Clusters: []string{"../x"}}, "clusters:"},
		{capture.Request{Clusters: []string{"c2"}}, `clusters: "c2" is not captured here; allowed are c1`},
		{capture.Request{InstanceTypes: []string{""}}, "instanceTypes:"},
		{capture.Request{Accept: []string{"bj/c1/_any"}},
			`accept: the region of "bj/c1/_any" is not captured here; allowed are hz, sh`},
		{capture.Request{Accept: []string{""}}, `accept: "" is not a scope of the form`},
		{capture.Request{Accept: []string{"hz"}}, `accept: "hz" is not a scope of the form`},
		{capture.Request{Accept: []string{"hz/_any/"}}, `accept: "hz/_any/" is not a scope of the form`},
		{capture.Request{Accept: []string{"hz/../x"}}, `accept: "hz/../x" is not a scope of the form`},
		{capture.Request{Accept: []string{"hz/c1/_any@abc"}},
			`accept: the digest of "hz/c1/_any@abc" must be 64 characters of 0-9 a-f`},
		{capture.Request{Accept: []string{"hz/c1/_any@"}}, `accept: the digest of "hz/c1/_any@" must be`},
		{capture.Request{Accept: []string{"hz/c1/_any"}, Clusters: []string{"c1"}},
			`accept: cannot be combined with "clusters"`},
		{capture.Request{Accept: []string{"hz/c1"}}, `accept: "hz/c1" is not a scope of the form`},
		{capture.Request{Regions: []string{"sh"}, Accept: []string{"sh/c1/_any", "hz/c1/_any"}},
			`accept: the region of "hz/c1/_any" is not one of the "regions"`},
	} {
		if err := tc.req.Validate(s); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %s", tc.req, err, tc.want)
		}
	}
	for _, bad := range []string{"", "1", "0/1", "2/1", "a/b", "1/1001", "1/2/3", "-1/2"} {
		if s, err := capture.ParseShard(bad); err == nil {
			t.Errorf("ParseShard(%q) = %v", bad, s)
		}
	}
}
