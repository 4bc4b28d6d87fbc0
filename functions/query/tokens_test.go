package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"community-images/shared/ehpc/ehpctest"
)

const (
	wholeToken   = "ci_0123456789abcdefghijWHOLE"
	limitedToken = "ci_0123456789abcdefghijLIMITED"
)

func tokenSetting() string {
	return fmt.Sprintf(
		`QUERY_TOKENS=[{"name":"whole","sha256":"%x"},`+
			`{"name":"limited","sha256":"%x","regions":["cn-shanghai"],"clusters":[%q]}]`,
		sha256.Sum256([]byte(wholeToken)), sha256.Sum256([]byte(limitedToken)), captured)
}

// numbersAndTimes are what two archives of the same answers differ in: when
// they were asked, and the numbers of commits.
var numbersAndTimes = regexp.MustCompile(
	`"(RequestId|Sequence|CommittedAt|CheckedAt|TriedAt|CapturedAt|Since|` +
		`FirstSeen|LastSeen|GoneSince|AgeSeconds|NextCursor|HostId)":("[^"]*"|\d+)|` +
		`\d{4}-\d\d-\d\dT[0-9:.]+Z|(commit|at=)\d* ?\d*`)

// singleClusterData is a world in which the account has one cluster.
type singleClusterData struct{ *ehpctest.Simulation }

// Clusters implements ehpctest.Data.
func (s singleClusterData) Clusters(region string) []json.RawMessage {
	return slices.DeleteFunc(slices.Clone(s.Simulation.Clusters(region)), func(raw json.RawMessage) bool {
		return !strings.Contains(string(raw), captured)
	})
}

// TestLimitedTokenSeesAnArchiveOfItsOwn: two deployments copy the same
// drifting E-HPC, one of them for an account of a single cluster. A token for that cluster is
// told by the other, over the real protocol, what the small one tells everybody.
func TestLimitedTokenSeesAnArchiveOfItsOwn(t *testing.T) {
	t.Parallel()
	world := ehpctest.NewSimulation(7)
	large, small := newEHPCFixture(t), newEHPCFixtureWith(t, world, singleClusterData{world})
	small.snapshot.Stop()
	small.snapshot = small.startFunction("snapshot", "EHPC_ENDPOINT="+small.url, "SNAPSHOT_QPS=1000",
		"SNAPSHOT_SHRINK_GUARD=100", "SNAPSHOT_UNSCOPED=false")
	guarded, open := large.startReplica(tokenSetting()), small.startReplica()
	others := map[string]bool{}
	for range 4 {
		large.runSnapshot()
		small.runSnapshot()
		for _, raw := range large.world.Clusters("") {
			var c struct{ Id, Name string }
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatal(err)
			}
			others[c.Id], others[c.Name] = true, true
			if c.Id == captured {
				others[c.Name] = false
			}
		}
		others[captured] = false
		for _, target := range []string{
			"/v1/images?ClusterId=*&facets=Status,OsTag.Platform&limit=1000", "/v1/images?ClusterId=" + captured +
				"&sort=-OsTag.Version&limit=3", "/v1/images", "/v1/images?ClusterId=ehpc-sh-tR5uJ3nE6c",
			"/v1/images?ClusterId=*&InstanceType=*&format=table&limit=1000", "/v1/changes?limit=1000",
			"/v1/changes?ClusterId=ehpc-sh-tR5uJ3nE6c", "/v1/changes?since=-1h&kind=added&limit=1000&format=ndjson",
			"/v1/matrix?ClusterId=*&InstanceType=*", "/v1/diff?ClusterId=" + captured + "&with=ehpc-sh-tR5uJ3nE6c",
			"/v1/clusters?ClusterId=*&InstanceType=*,_any", "/v1/nothing", "/v1/images?ClusterId=ehpc-sh-Xk41pQ77R",
			"/?Action=ListCommunityImages&Version=2018-04-12&ClusterId=" + captured,
			"/?Action=ListClusters&Version=2018-04-12",
			"/?Action=ListCommunityImages&Version=2018-04-12&ClusterId=ehpc-sh-tR5uJ3nE6c",
		} {
			if strings.Contains(target, "?") {
				target += "&RegionId=cn-shanghai"
			} else {
				target += "?RegionId=cn-shanghai"
			}
			wantStatus, want := getWithToken(t, open+target, "")
			status, got := getWithToken(t, guarded+target, limitedToken)
			if status != wantStatus || numbersAndTimes.ReplaceAllString(got,
				"#") != numbersAndTimes.ReplaceAllString(want, "#") {
				t.Errorf("%s tells the limited caller\n%d %.2000s\nand where there is nothing else\n%d %.2000s", target,
					status, got, wantStatus, want)
			}
			if status, _ := getWithToken(t, guarded+target, ""); status == http.StatusOK {
				t.Errorf("%s answers without a token", target)
			}
			for name, other := range others {
				if other && strings.Contains(got, name) && !strings.Contains(target, name) {
					t.Errorf("%s tells the limited caller of %s: %.2000s", target, name, got)
				}
			}
			getWithToken(t, guarded+target, wholeToken)
		}
		large.world.Tick()
		small.world.Tick()
	}
	if len(others) < 6 {
		t.Errorf("there are too few other clusters: %v", others)
	}
}

func getWithToken(t *testing.T, address, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
