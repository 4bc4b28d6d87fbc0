package ehpc_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
)

func TestListRegions(t *testing.T) {
	t.Parallel()
	got, err := connect(t, fixed(""), ehpc.Options{}).ListRegions(context.Background(), "cn-hangzhou")
	want := []ehpc.Region{{RegionID: "cn-hangzhou", LocalName: "China (Hangzhou)"},
		{RegionID: "cn-shanghai", LocalName: "China (Shanghai)"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestRegionsThatAreNotOfTheDocumentedShape(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a member twice":           `{"Regions":{"RegionInfo":[{"RegionId":"a","RegionId":"b"}]}}`,
		"Latin-1":                  "{\"Regions\":{\"RegionInfo\":[{\"RegionId\":\"a\",\"LocalName\":\"\xe4\"}]}}",
		"half of a surrogate pair": `{"Regions":{"RegionInfo":[{"RegionId":"a","LocalName":"\udc00"}]}}`,
		"TotalCount is larger":     `{"TotalCount":2,"Regions":{"RegionInfo":[{"RegionId":"a"}]}}`,
		"NextToken":                `{"NextToken":"x","Regions":{"RegionInfo":[{"RegionId":"a"}]}}`,
	} {
		c := connect(t, always(ehpctest.Fault{Body: []byte(body)}), ehpc.Options{})
		regions, err := c.ListRegions(context.Background(), "cn-hangzhou")
		if err == nil {
			t.Errorf("%s: taken for %v", name, regions)
		} else if e := fault(t, err); e.Class != ehpc.Malformed {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
