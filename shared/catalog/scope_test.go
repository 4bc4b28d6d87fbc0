package catalog

import (
	"strings"
	"testing"
)

func TestScopePathAndBack(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]Scope{
		"_any/_any":               {RegionID: "r"},
		"ehpc-hz-1/_any":          {RegionID: "r", ClusterID: "ehpc-hz-1"},
		"_any/ecs.c7.large":       {RegionID: "r", InstanceType: "ecs.c7.large"},
		"ehpc-hz-1/ecs.gn6v-c8g1": {RegionID: "r", ClusterID: "ehpc-hz-1", InstanceType: "ecs.gn6v-c8g1"},
	} {
		got, err := ParseScopePath("r", path)
		if err != nil || got != want || got.Path() != path {
			t.Errorf("ParseScopePath(%q) = %+v, %v and back %q", path, got, err, got.Path())
		}
	}
}

func TestNamesThatMayNotBecomeKeys(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"..", ".", "_any", "a/b", `a\b`, "a\x00", "ü", "a b", "%2e",
		strings.Repeat("x", MaxNameLength+1), "\n"} {
		for _, s := range []Scope{{RegionID: bad}, {RegionID: "r", ClusterID: bad},
			{RegionID: "r", InstanceType: bad}} {
			if s.Validate() == nil {
				t.Errorf("scope %q is accepted", s)
			}
		}
		if err := (Scope{RegionID: "r", ClusterID: bad}).Validate(); err != nil &&
			!strings.Contains(err.Error(), "ClusterId") {
			t.Errorf("the error for ClusterId %q does not name it: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "a", "a/", "/a", "a/b/c"} {
		if s, err := ParseScopePath("r", bad); err == nil {
			t.Errorf("ParseScopePath(%q) = %q", bad, s)
		}
	}
}
