package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/scripts/check/rampolicy"
	"community-images/shared/archive"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/notify/notifytest"
)

// useEverything lets both functions do all that they ever do.
func (s *stack) useEverything() {
	first := time.Now().UTC().AddDate(0, -20, 0)
	for month := range 20 { // more than the default retention
		s.commitAt(time.Date(first.Year(), first.Month()+time.Month(month), 1, 0, 0, 0, 0, time.UTC))
	}
	s.backdate(archive.Grace) // what is younger stays
	snapshot, query := s.start("SnapshotFunction", "SnapshotRole"), s.start("QueryFunction", "QueryRole")
	receiver := notifytest.Start(s.t, "ops", "dingtalk")
	s.putNotify(receiver.Subscription(""), `{"Name":"down","Kind":"slack","Url":"http://127.0.0.1:1/x"}`)
	s.takeSnapshots(snapshot)
	if len(receiver.Drain()) == 0 {
		s.t.Error("the receiver was told nothing")
	}
	s.putNotify(receiver.Subscription(""))
	s.invoke(snapshot, `{}`)
	s.askEveryRoute(query)
	s.removeClusterAndHead(snapshot)
}

// putNotify stores subscriptions.
func (s *stack) putNotify(entries ...string) {
	s.t.Helper()
	bucket, keys := s.bucket()
	if err := bucket.Put(s.t.Context(), keys.Notify(), notifytest.File(entries...)); err != nil {
		s.t.Fatal(err)
	}
}

func tick() string {
	return `{"triggerTime":"` + time.Now().UTC().Format("2006-01-02T15:04:05Z") +
		`","triggerName":"schedule","payload":""}`
}

// takeSnapshots makes a first run, the same event once more, an unchanged, a partly
// failed and a limited run, and one for an event of E-HPC. The first removes
// the months that retention no longer wants.
func (s *stack) takeSnapshots(f *fctest.Function) {
	if report := s.invoke(f, tick()); !strings.Contains(report, `"Removed":`) ||
		strings.Contains(report, `"Removed":0`) {
		s.t.Errorf("retention removed nothing: %s", report)
	}
	s.invoke(f, tick())
	s.invoke(f, `{}`)
	s.setImages("v2")
	s.setFault(func(c ehpctest.Call) *ehpctest.Fault {
		if c.InstanceType != "" || c.Action == "ListClusters" {
			return &ehpctest.Fault{Status: 400, Code: "InvalidParams", Message: "broken"}
		}
		return nil
	})
	s.invoke(f, `{}`)
	s.setFault(nil)
	s.setImages("v3")
	s.invoke(f, `{"clusters":["ehpc-hz-1"]}`)
	s.setImages("v4")
	s.invoke(f, fmt.Sprintf(
		`{"specversion":"1.0","id":"1","source":"acs.ehpc","type":"ehpc:ClusterOperation:ClusterCreated","time":%q,`+
			`"data":{"ClusterId":"ehpc-hz-1","RegionId":"cn-hangzhou"}}`,
		time.Now().UTC().Add(time.Second).Format(time.RFC3339)))
}

// askEveryRoute asks every route, now and in the past, cold and warm, with
// derived objects and without, and one of the replica. With them, each comes
// to an instance of its own, so that none finds what another has read.
func (s *stack) askEveryRoute(f *fctest.Function) {
	targets := map[string]int{
		"/": 200, "/healthz": 200, "/openapi.json": 200, "/v1/status": 200, "/v1/clusters": 200,
		"/v1/images": 200, "/v1/images?ClusterId=*&InstanceType=*": 200, "/v1/images?at=-24h": 200,
		"/v1/images?at=20": 200, "/v1/images?at=2001-01-01T00:00:00Z": 404,
		"/v1/images/m-v1": 410, "/v1/images/m-stays": 200, "/v1/images/m-never": 404, "/v1/images/m-stays/history": 200,
		"/v1/changes?since=20": 200, "/v1/diff?from=20&to=21": 200, "/v1/matrix?ClusterId=*": 200,
		"/?Action=ListCommunityImages&Version=2018-04-12&RegionId=" + region: 200,
	}
	for target, status := range targets {
		f.Kill()
		s.get(f, target, status)
		s.get(f, target, status)
	}
	for _, gone := range []string{"/index.ndjson", "/head.json"} {
		s.remove(gone)
		f.Kill()
		for target, status := range targets {
			s.get(f, target, status)
		}
	}
}

// repairs are a run that finds the cluster gone, and one that finds the head
// gone.
func (s *stack) removeClusterAndHead(f *fctest.Function) {
	s.data.ClusterLists[region] = nil
	s.invoke(f, `{}`)
	s.remove("/head.json")
	f.Kill()
	s.setImages("v5")
	s.invoke(f, `{}`)
}

// TestPoliciesGrantExactlyWhatIsUsed: nothing that they do is refused, and
// nothing that the policies grant is never done. It is so on an OSS, too,
// that hides from the functions what is not there; no page says which it is.
func TestPoliciesGrantExactlyWhatIsUsed(t *testing.T) {
	t.Parallel()
	for name, hidesMissing := range map[string]bool{"an OSS that tells what is missing": false,
		"an OSS that does not": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, func(text string) string { return text })
			s.hidesMissing = hidesMissing
			s.useEverything()
			for _, name := range []string{"SnapshotRole", "QueryRole"} {
				for _, fault := range s.faults(name) {
					t.Errorf("%s %s", name, fault)
				}
			}
			for _, request := range s.unknownRequests {
				t.Errorf("no action is known for the request %s", request)
			}
			s.checkLogIndex()
		})
	}
}

// faults compares what a role was used for with what it grants.
func (s *stack) faults(name string) (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roles[name]
	slices.Sort(r.denied)
	for _, request := range slices.Compact(r.denied) {
		list = append(list, "does not grant "+request)
	}
	for _, grant := range r.policy.Grants() {
		switch {
		case strings.ContainsAny(grant.Action, "*?"):
			list = append(list, fmt.Sprintf("grants %s, which is more than one action", grant.Action))
		case r.used[grant] == 0 && grant != s.logGrant():
			list = append(list, fmt.Sprintf("grants %s on %s, which is never used", grant.Action, grant.Resource))
		}
	}
	if !slices.Contains(r.policy.Grants(), s.logGrant()) {
		list = append(list, fmt.Sprintf("does not grant %s", s.logGrant()))
	}
	for _, request := range s.forbiddenRequests(name) {
		if by := r.policy.Allows(request); len(by) > 0 {
			list = append(list, fmt.Sprintf("grants %s", request))
		}
	}
	return list
}

// logGrant is what Function Compute itself does with a function's role: it
// writes to the log store of the function's LogConfig.
func (s *stack) logGrant() rampolicy.Grant {
	var f struct {
		LogConfig struct{ Project, Logstore string }
	}
	s.decode("SnapshotFunction", &f)
	return rampolicy.Grant{Action: "log:PostLogStoreLogs", Resource: "acs:log:*:*:project/" + f.LogConfig.Project +
		"/logstore/" + f.LogConfig.Logstore}
}

// readsArchive is the first statement of the query function's policy.
const readsArchive = `Action: [oss:GetObject]
                Resource:
                  - Fn::Join: ['', ['acs:oss:*:*:', {Ref: BucketName}, /, {Ref: Prefix}, '/v1/*']]`

// forbiddenRequests returns requests just beyond the prefix, the bucket and the log store, and
// what a role may not do with the files of the operator beside the archive.
func (s *stack) forbiddenRequests(role string) (list []rampolicy.Request) {
	bucket := "acs:oss:oss-" + region + ":" + account + ":" + s.oss.Bucket
	actions := []string{"oss:PutObject", "oss:DeleteObject"}
	if role == "QueryRole" {
		actions = append(actions, "oss:GetObject")
	}
	for _, action := range actions {
		list = append(list, rampolicy.Request{Action: action, Resource: bucket + "/" + prefix + "/aliases.json"},
			rampolicy.Request{Action: action, Resource: bucket + "/" + prefix + "/notify.json"})
		if role == "QueryRole" {
			list = append(list, rampolicy.Request{Action: action, Resource: bucket + "/" + prefix + "/notify/cursors/ops.json"})
		}
	}
	for _, action := range []string{"oss:GetObject", "oss:PutObject", "oss:DeleteObject", "oss:ListObjects"} {
		for _, resource := range []string{bucket + "/" + prefix, bucket + "/" + prefix + "2/v1/x", bucket + "/team/x",
			bucket + "/x", bucket + "2/" + prefix + "/x", bucket + "2", "acs:oss:oss-" + region + ":" + account +
				":*"} {
			list = append(list, rampolicy.Request{Action: action, Resource: resource,
				Context: map[string]string{"oss:Prefix": prefix + "/v1/"}})
		}
	}
	for _, listed := range []string{"", "team/", prefix, prefix + "2/", "x"} {
		list = append(list, rampolicy.Request{Action: "oss:ListObjects", Resource: bucket,
			Context: map[string]string{"oss:Prefix": listed}})
	}
	list = append(list, rampolicy.Request{Action: "oss:ListObjects", Resource: bucket})
	store := s.logGrant().Resource
	return append(list, rampolicy.Request{Action: "log:PostLogStoreLogs", Resource: store + "2"},
		rampolicy.Request{Action: "log:GetLogStoreLogs", Resource: store})
}

// TestWrongPoliciesAreFound: each mistake in a policy is found and named.
func TestWrongPoliciesAreFound(t *testing.T) {
	t.Parallel()
	for _, w := range []struct{ name, role, old, new, want string }{
		{"an E-HPC action too few", "SnapshotRole", "[ehpc:ListClusters, ehpc:ListCommunityImages]",
			"[ehpc:ListCommunityImages]", "does not grant {ehpc:ListClusters"},
		{"an E-HPC action too many", "SnapshotRole", "[ehpc:ListClusters, ehpc:ListCommunityImages]",
			"[ehpc:ListClusters, ehpc:ListCommunityImages, ehpc:ListRegions]",
			"grants ehpc:ListRegions on *, which is never used"},
		{"no deletion", "SnapshotRole", "oss:PutObject, oss:DeleteObject]", "oss:PutObject]",
			"does not grant {oss:DeleteObject"},
		{"no listing", "SnapshotRole", "Action: [oss:ListObjects]", "Action: [oss:GetObject]",
			"does not grant {oss:ListObjects"},
		{"a query function that may write", "QueryRole", readsArchive,
			strings.Replace(readsArchive, "]", ", oss:PutObject]", 1),
			"grants oss:PutObject on acs:oss:*:*:community-images-test/team/images/v1/*, which is never used"},
		{"all of OSS", "QueryRole", readsArchive, strings.Replace(readsArchive, "[oss:GetObject]", "['oss:Get*']", 1),
			"grants oss:Get*, which is more than one action"},
		{"a query function that reads the operator's files", "QueryRole", readsArchive,
			strings.Replace(readsArchive, "/v1/*", "/*", 1),
			"grants {oss:GetObject acs:oss:oss-cn-hangzhou:1234567890123456:community-images-test/team/images/aliases.json"},
		{"a snapshot function that writes the operator's files", "SnapshotRole", "{Ref: Prefix}, '/v1/*'",
			"{Ref: Prefix}, '/*'",
			"grants {oss:PutObject acs:oss:oss-cn-hangzhou:1234567890123456:community-images-test/team/images/aliases.json"},
		{"no subscriptions", "SnapshotRole", "'/notify.json']]", "'/notify.jso']]", "does not grant {oss:GetObject"},
		{"no aliases", "SnapshotRole", "'/aliases.json']]", "'/alias.json']]", "does not grant {oss:GetObject"},
		{"the whole bucket", "SnapshotRole", "{Ref: BucketName}, /, {Ref: Prefix}, '/v1/*'", "{Ref: BucketName}, '/*'",
			"grants {oss:GetObject acs:oss:oss-cn-hangzhou:1234567890123456:community-images-test/x"},
		{"a prefix without its end", "SnapshotRole", "{Ref: BucketName}, /, {Ref: Prefix}, '/v1/*'",
			"{Ref: BucketName}, /, {Ref: Prefix}, '*'",
			"grants {oss:GetObject acs:oss:oss-cn-hangzhou:1234567890123456:community-images-test/team/images2/v1/x"},
		{"a list of everything", "SnapshotRole", "- Fn::Join: ['', [{Ref: Prefix}, '/v1/*']]", "- '*'",
			"grants {oss:ListObjects acs:oss:oss-cn-hangzhou:1234567890123456:community-images-test map[oss:Prefix:]}"},
		{"another log store", "SnapshotRole", "[LogStore, LogstoreName]}]]", "[LogStore, LogstoreName]}, s]]",
			"does not grant {log:PostLogStoreLogs"},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, func(text string) string {
				if !strings.Contains(text, w.old) {
					t.Fatalf("template.yaml has no %q", w.old)
				}
				return strings.Replace(text, w.old, w.new, 1)
			})
			s.recordTypicalRequests()
			if faults := s.faults(w.role); !slices.ContainsFunc(faults, func(f string) bool {
				return strings.HasPrefix(f, w.want)
			}) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(faults, "\n"), w.want)
			}
		})
	}
}

// recordTypicalRequests makes one request of each kind in the name of both roles, as
// TestPoliciesGrantExactlyWhatIsUsed has seen them, without the functions.
func (s *stack) recordTypicalRequests() {
	bucket := "acs:oss:oss-" + region + ":" + account + ":" + s.oss.Bucket
	below := map[string]string{"oss:Prefix": prefix + "/v1/"}
	read := []rampolicy.Request{{Action: "oss:GetObject", Resource: bucket + "/" + prefix + "/v1/x"},
		{Action: "oss:ListObjects", Resource: bucket, Context: below}}
	write := append(slices.Clone(read), rampolicy.Request{Action: "oss:PutObject", Resource: bucket + "/" + prefix +
		"/v1/x"},
		rampolicy.Request{Action: "oss:DeleteObject", Resource: bucket + "/" + prefix + "/v1/x"},
		rampolicy.Request{Action: "oss:GetObject", Resource: bucket + "/" + prefix + "/aliases.json"},
		rampolicy.Request{Action: "ehpc:ListClusters", Resource: "acs:ehpc:x"},
		rampolicy.Request{Action: "ehpc:ListCommunityImages", Resource: "acs:ehpc:x"})
	object := func(action, key string) rampolicy.Request {
		return rampolicy.Request{Action: action, Resource: bucket + "/" + prefix + key}
	}
	write = append(write, object("oss:GetObject", "/notify.json"), object("oss:GetObject", "/notify/status.json"),
		object("oss:PutObject", "/notify/cursors/ops.json"), object("oss:DeleteObject", "/notify/cursors/ops.json"))
	for _, request := range append(slices.Clone(read), object("oss:GetObject", "/notify/status.json")) {
		s.roles["QueryRole"].request(request)
	}
	for _, request := range write {
		s.roles["SnapshotRole"].request(request)
	}
}
