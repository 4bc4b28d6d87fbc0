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
		last  = `{"ImageId":"m-3","Z":1,"InstanceTypes":null,"UpstreamInstanceTypes":1}`
		inner = `{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2}}`
		dated = `{"ImageId":"m-5","FirstSeen":"long ago","ChangedAt":1}`
		other = `{"ImageId":"m-1","Clusters":"y"}`
	)
	w := newFixture(t)
	w.CommitRun(hangzhou, content{
		"ehpc-a/_any":  parseImages(t, all, first, last, inner, dated),
		"ehpc-b/_any":  parseImages(t, other),
		"ehpc-b/ecs.x": parseImages(t, first),
	})
	h := w.Handler()
	const (
		ofA = `{"UpstreamClusters":["x"],"UpstreamContentDiffers":"no","ImageId":"m-1",` +
			`"UpstreamInstanceTypes":{"a":",}"},"Name":"\"Clusters\":1"`
		ofB = `{"UpstreamClusters":"y","ImageId":"m-1","Clusters":["ehpc-b"],"InstanceTypes":[],"ContentDiffers":true}|`
	)
	for target, want := range map[string]string{
		"ClusterId=ehpc-a": ofA + `}|` +
			`{"UpstreamClusters":["x"],"ImageId":"m-2"}|` +
			`{"ImageId":"m-3","UpstreamInstanceTypes":null,"UpstreamUpstreamInstanceTypes":1,"Z":1}|` +
			`{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2}}|` +
			`{"UpstreamChangedAt":1,"UpstreamFirstSeen":"long ago","ImageId":"m-5"}|`,
		"ClusterId=ehpc-a&ImageId=m-5&fields=ImageId,FirstSeen": `{"ImageId":"m-5","FirstSeen":""}|`,
		"ClusterId=*": ofB +
			ofA + `,"Clusters":["ehpc-a"],"InstanceTypes":[],"ContentDiffers":true}|` +
			`{"UpstreamClusters":["x"],"ImageId":"m-2","Clusters":["ehpc-a","ehpc-b"],"InstanceTypes":["ecs.x"]}|` +
			`{"ImageId":"m-3","UpstreamInstanceTypes":null,"UpstreamUpstreamInstanceTypes":1,"Z":1,` +
			`"Clusters":["ehpc-a"],"InstanceTypes":[]}|` +
			`{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2},"Clusters":["ehpc-a"],"InstanceTypes":[]}|` +
			`{"UpstreamChangedAt":1,"UpstreamFirstSeen":"long ago","ImageId":"m-5","Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
		"ClusterId=*&InstanceType=_any,ecs.x&ImageId=m-1": ofB +
			ofA + `,"Clusters":["ehpc-a"],"InstanceTypes":[],"ContentDiffers":true}|`,
		"ClusterId=ehpc-a&fields=Clusters,ImageId,InstanceTypes&ImageId=m-1": "" +
			`{"ImageId":"m-1","Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
		"ClusterId=ehpc-a,ehpc-b&fields=Clusters,ImageId,InstanceTypes&ImageId=m-2": "" +
			`{"ImageId":"m-2","Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
	} {
		rec := get(h, "/v1/images?format=ndjson&"+target)
		if got := strings.ReplaceAll(rec.Body.String(), "\n", "|"); got != want {
			t.Errorf("%s gives %d\n%s, want\n%s", target, rec.Code, got, want)
		}
	}
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, strings.Replace(all, `["x"]`, `["z"]`, 1))})
	h = w.Handler()
	for target, want := range map[string][]string{
		"images/m-1?at=1": {`"Image":{"UpstreamClusters":"y",`,
			`{"Image":{"UpstreamClusters":["x"],"UpstreamContentDiffers":"no",`},
		"images/m-2": {`"Image":{"UpstreamClusters":["x"],"ImageId":"m-2"}`}, // it is gone
		"diff?ClusterId=ehpc-b&with=ehpc-a&at=1": {`"Added":[{"UpstreamClusters":["x"],"ImageId":"m-2"}`,
			`{"Field":"UpstreamClusters","Before":"y","After":["x"]}`},
		"changes?since=1":             {`{"Field":"UpstreamClusters","Before":["x"],"After":["z"]}`},
		"changes?since=1&format=atom": {`UpstreamClusters: [`},
	} {
		body := get(h, "/v1/"+target).Body.String()
		for _, part := range want {
			if !strings.Contains(body, part) {
				t.Errorf("%s does not have %s: %s", target, part, body)
			}
		}
	}
}
