package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCluster(t *testing.T) {
	t.Parallel()
	c, skipped, err := ParseCluster(
		[]byte(`{"Id":"ehpc-1","ImageId":"m-1","ImageOwnerAlias":"self","Name":"n","OsTag":"CentOS_7",`+
			`"InstanceType":"ecs.b, ecs.a,bad/one,ecs.a","SchedulerType":"slurm","Count":3}`), "cn-home")
	want := Cluster{ClusterID: "ehpc-1", ImageID: "m-1", ImageOwnerAlias: "self",
		InstanceTypes: []string{"ecs.a", "ecs.b"}, Name: "n", OsTag: "CentOS_7",
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

func TestClustersWithAnotherImageDiffer(t *testing.T) {
	t.Parallel()
	c := Cluster{ClusterID: "ehpc-1", ImageID: "m-1", ImageOwnerAlias: "self", InstanceTypes: []string{"ecs.a"}}
	image, owner := c, c
	image.ImageID, owner.ImageOwnerAlias = "m-2", "others"
	if c.Equal(image) || c.Equal(owner) || !c.Equal(c) {
		t.Error("Equal does not look at the image of a cluster")
	}
}
