package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestParseCluster(t *testing.T) {
	t.Parallel()
	c, skipped, err := ParseCluster(
		[]byte(`{"Id":"ehpc-1","Name":"n","InstanceType":"ecs.b, ecs.a,bad/one,ecs.a","OsTag":"CentOS_7","SchedulerType":"slurm","Count":3}`), "cn-home")
	want := Cluster{ClusterID: "ehpc-1", InstanceTypes: []string{"ecs.a", "ecs.b"}, Name: "n", OsTag: "CentOS_7",
		RegionID: "cn-home", SchedulerType: "slurm"}
	if diff := cmp.Diff(want, c); diff != "" || err != nil || !cmp.Equal(skipped, []string{"bad/one"}) {
		t.Errorf("%s skipped %q, %v", diff, skipped, err)
	}
	for _, odd := range []string{`null`, `{}`, `5`, `["ecs.a",null]`, `[["ecs.a"]]`, `"ecs a"`} {
		if _, skipped, err := ParseCluster([]byte(`{"Id":"a","InstanceType":`+odd+`}`), "r"); err != nil ||
			len(skipped) != 1 {
			t.Errorf("instance type %s: skipped %q, %v", odd, skipped, err)
		}
	}
	for _, none := range []string{`""`, `[]`, `","`} {
		if c, skipped, err := ParseCluster([]byte(`{"Id":"a","InstanceType":`+none+`}`), "r"); err != nil ||
			len(skipped)+len(c.InstanceTypes) != 0 {
			t.Errorf("instance type %s: %q, skipped %q, %v", none, c.InstanceTypes, skipped, err)
		}
	}
	for _, bad := range []string{`{}`, `[]`, `{"Id":"../x"}`, `{"Id":"a","RegionId":"/"}`, `{`} {
		if c, _, err := ParseCluster([]byte(bad), "r"); err == nil {
			t.Errorf("ParseCluster(%s) = %+v", bad, c)
		}
	}
}
