package query_test

import (
	"strings"
	"testing"
)

// TestMembersOfUpstreamWithOurNames checks what becomes of a member of E-HPC that
// has the name of one that answers add.
func TestMembersOfUpstreamWithOurNames(t *testing.T) {
	t.Parallel()
	const (
		all   = `{"ImageId":"m-1","Clusters":["x"],"ContentDiffers":"no","InstanceTypes":{"a":",}"},"Name":"\"Clusters\":1"}`
		first = `{"Clusters":["x"],"ImageId":"m-2"}`
		last  = `{"ImageId":"m-3","Z":1,"InstanceTypes":null}`
		inner = `{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2}}`
		other = `{"ImageId":"m-1","Clusters":"y"}`
	)
	w := newFixture(t)
	w.CommitRun(hangzhou, content{
		"ehpc-a/_any":  parseImages(t, all, first, last, inner),
		"ehpc-b/_any":  parseImages(t, other),
		"ehpc-b/ecs.x": parseImages(t, first),
	})
	h := w.Handler()
	for target, want := range map[string]string{
		"ClusterId=ehpc-a": `{"Clusters":["x"],"ContentDiffers":"no","ImageId":"m-1","InstanceTypes":{"a":",}"},"Name":"\"Clusters\":1"}|{"Clusters":["x"],"ImageId":"m-2"}|{"ImageId":"m-3","InstanceTypes":null,"Z":1}|{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2}}|`,
		"ClusterId=*": `{"ImageId":"m-1","Clusters":["ehpc-b"],"ContentDiffers":true}|{"ImageId":"m-1","InstanceTypes":{"a":",}"},"Name":"\"Clusters\":1","Clusters":["ehpc-a"],"ContentDiffers":true}|` +
			`{"ImageId":"m-2","Clusters":["ehpc-a"]}|{"ImageId":"m-3","InstanceTypes":null,"Z":1,"Clusters":["ehpc-a"]}|{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2},"Clusters":["ehpc-a"]}|`,
		"ClusterId=*&InstanceType=_any,ecs.x&ImageId=m-1,m-3":                       `{"ImageId":"m-1","Clusters":["ehpc-b"],"InstanceTypes":[],"ContentDiffers":true}|{"ImageId":"m-1","Name":"\"Clusters\":1","Clusters":["ehpc-a"],"InstanceTypes":[],"ContentDiffers":true}|{"ImageId":"m-3","Z":1,"Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
		"ClusterId=ehpc-a&fields=Clusters,ImageId,InstanceTypes&ImageId=m-1":        `{"ImageId":"m-1","Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
		"ClusterId=ehpc-a,ehpc-b&fields=Clusters,ImageId,InstanceTypes&ImageId=m-2": `{"ImageId":"m-2","Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
	} {
		rec := get(h, "/v1/images?format=ndjson&"+target)
		if got := strings.ReplaceAll(rec.Body.String(), "\n", "|"); got != want {
			t.Errorf("%s gives %d\n%s, want\n%s", target, rec.Code, got, want)
		}
	}
	// In the answer for one image it stands by itself.
	if body := get(h, "/v1/images/m-1").Body.String(); !strings.Contains(body,
		`{"Image":{"Clusters":["x"],"ContentDiffers":"no","ImageId"`) {
		t.Errorf("a single image is not as upstream sent it: %s", body)
	}
}
