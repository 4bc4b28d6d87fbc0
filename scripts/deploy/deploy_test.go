package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/scripts/deploy/deploytest"
	"community-images/shared/ossbucket/osstest"
)

// TestDeployUpgradeAndDestroy goes from an empty account to one that is empty again,
// with the repository's own template and the real functions.
func TestDeployUpgradeAndDestroy(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	first := a.expect("-yes -version v1 -create-code-bucket", 0,
		"building version v1", "stack \"community-images\" does not exist in cn-hangzhou; it will be created",
		"add    Bucket (ALIYUN::OSS::Bucket)", "uploaded oss://the-code/community-images-query-",
		"CREATE_COMPLETE        QueryFunction (ALIYUN::FC3::Function)",
		"SnapshotFunction", "  scripts/operate/signed.sh \"http://", "snapshot of cn-hangzhou: commit 1, ",
		"/v1/status reports version v1: deployed")
	if calls := strings.Join(a.Calls(),
		" "); calls != "ListStacks PreviewStack CreateStack GetStack ListStackEvents GetStack ListStackEvents "+
		"InvokeFunction" && !strings.HasPrefix(calls, "ListStacks PreviewStack CreateStack GetStack ListStackEvents") {
		t.Errorf("calls %s", calls)
	}
	if n := len(a.objects("the-code")); n != 2 {
		t.Errorf("%d code packages were uploaded", n)
	}
	data := len(a.objects("the-data"))
	if data == 0 {
		t.Errorf("the smoke test stored nothing:\n%s", first)
	}

	second := a.expect("-version v1", 0, "no resource would change", "is there already",
		"nothing to change: stack \"community-images\" is CREATE_COMPLETE", "snapshot of cn-hangzhou: commit ",
		"reports version v1: deployed")
	if strings.Contains(second.out, "uploaded") || strings.Contains(second.out, "Type yes") {
		t.Errorf("an unchanged run says\n%s", second)
	}

	a.expect("-yes -version v2", 0, "parameter QueryCode: \"community-images-query-",
		"modify QueryFunction (ALIYUN::FC3::Function)", "uploaded oss://the-code/community-images-snapshot-",
		"UPDATE_COMPLETE        SnapshotFunction", "reports version v2: deployed")
	a.expect("-yes -version v1", 0, "is there already", "reports version v1: deployed") // back again

	a.expect("-destroy -delete-data another-bucket -yes", 2,
		`-delete-data "another-bucket" is not the bucket of stack "community-images", which is "the-data"`)
	a.expect("-destroy -yes", 0, "DELETE_COMPLETE        QueryFunction", `stack "community-images" is deleted`,
		`bucket "the-data" was kept`)
	if n := len(a.objects("the-data")); n < data {
		t.Errorf("%d of %d objects are left", n, data)
	}
	a.expect("-destroy -yes", 0, `there is no stack "community-images" in cn-hangzhou`)
	a.expect("-destroy -delete-data the-data -yes", 0, `bucket "the-data" and `, "objects are deleted")
	if keys := a.objects("the-data"); keys != nil {
		t.Errorf("the bucket is still there, with %q", keys)
	}
	a.expect("-yes -version v1", 0, "it will be created", "reports version v1: deployed")
	a.expect("-destroy -yes", 0, "was kept")
	a.expect("-yes -version v1", 0, `bucket "the-data" is there already; the stack uses it as it is`,
		`parameter CreateBucket: "false"`, "reports version v1: deployed")
	a.expect("-yes -version v1 -param HttpAuth=jwt", 1, "StackValidationFailed", "HttpAuth jwt needs HttpAuthConfig")
	a.expect("-destroy -delete-data the-data -yes", 0, `bucket "the-data" and `)
}

func TestPlanChangesNothing(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	only := func(when string, allowed ...string) {
		t.Helper()
		for _, call := range a.Calls() {
			if !slices.Contains(allowed, call) {
				t.Errorf("%s: calls %s", when, call)
			}
		}
		for line := range strings.Lines(a.oss.Requests()) {
			if !strings.HasPrefix(line, "GET ") {
				t.Errorf("%s: asks OSS to %s", when, line)
			}
		}
	}
	a.expect("-plan -version v1", 0, "it will be created", `parameter BucketName: "the-data"`, "add    QueryFunction",
		"nothing was changed or uploaded: -plan")
	only("before the first deployment", "ListStacks", "PreviewStack")
	a.expect("-yes -version v1 -create-code-bucket", 0)
	a.Calls()
	a.oss.Requests()
	a.expect("-plan -version v1", 0, "no resource would change")
	only("unchanged", "ListStacks", "GetStack", "PreviewStack")
	a.expect("-plan -version v2 -regions cn-hangzhou,cn-beijing", 0,
		`parameter Regions: "" -> "cn-hangzhou,cn-beijing"`, "modify SnapshotFunction (ALIYUN::FC3::Function)")
	only("with new code", "ListStacks", "GetStack", "PreviewStack")
}

func TestFirstDeploymentFails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		more   string
		before func(*account)
		code   int
		says   []string
		stacks bool // CreateStack may have been called
	}{
		{name: "no code bucket", more: "-yes", code: 1,
			says: []string{`uploading the code: bucket "the-code" does not exist; -create-code-bucket creates it`}},
		{name: "not confirmed", code: 2, says: []string{"Type yes: ", "not confirmed, nothing was changed"}},
		{name: "no right to list stacks", more: "-yes", code: 1, before: refuse("ListStacks"),
			says: []string{"deploy: calling ListStacks: 403 NoPermission"}},
		{name: "no right to read events", more: "-yes -create-code-bucket", code: 1, before: refuse("ListStackEvents"),
			says: []string{"deploy: calling ListStackEvents: 403 NoPermission"}, stacks: true},
		{name: "a data bucket of somebody else", more: "-yes -create-code-bucket", code: 1,
			before: forbid(http.MethodGet, "the-data"),
			says:   []string{`looking for bucket "the-data", which may belong to somebody else: `, "403 AccessDenied"}},
		{name: "a code bucket of somebody else", more: "-yes -create-code-bucket", code: 1,
			before: forbid(http.MethodGet, "the-code"),
			says:   []string{`looking for bucket "the-code": OSS answers 403 AccessDenied`}},
		{name: "no right to make a bucket", more: "-yes -create-code-bucket", code: 1,
			before: forbid(http.MethodPut, "the-code"),
			says:   []string{`making bucket "the-code": OSS answers 403 AccessDenied`}},
		{name: "no right to preview", more: "-yes -create-code-bucket", code: 1, before: refuse("PreviewStack"),
			says: []string{`previewing stack "community-images": calling PreviewStack: 403 NoPermission: ` +
				`The user may not do PreviewStack., request id `}},
		{name: "no right to create", more: "-yes -create-code-bucket", code: 1, before: refuse("CreateStack"),
			says: []string{`creating stack "community-images": calling CreateStack: 403 NoPermission`}, stacks: true},
		{name: "no right to invoke", more: "-yes -create-code-bucket", code: 1, before: refuse("InvokeFunction"),
			says: []string{
				"smoke test: invoking community-images-snapshot: calling InvokeFunction: 403 NoPermission"},
			stacks: true},
		{name: "no right to upload", more: "-yes -create-code-bucket", code: 1, before: func(a *account) {
			a.oss.SetFault(func(r osstest.Request) *osstest.Fault {
				if r.Method == http.MethodPut && r.Key != "" {
					return &osstest.Fault{Status: 403, Code: "AccessDenied"}
				}
				return nil
			})
		}, says: []string{"uploading the code: creating \"community-images-", "403 AccessDenied"}},
		{name: "a resource fails", more: "-yes -create-code-bucket", code: 1, before: func(a *account) {
			a.SetBreakage(func(action, resource string) string {
				if action == "CREATE" && resource == "QueryFunction" {
					return "InvalidArgument: the quota of the account is used up"
				}
				return ""
			})
		}, says: []string{
			`stack "community-images" is CREATE_ROLLBACK_COMPLETE: Resource QueryFunction failed: InvalidArgument: the quota`,
			"\n  CREATE_FAILED QueryFunction (ALIYUN::FC3::Function): InvalidArgument: the quota of the account is " +
				"used up"}, stacks: true},
		{name: "a region that E-HPC does not have", more: "-yes -create-code-bucket -regions cn-nowhere", code: 1,
			says: []string{"listing clusters: ", "InvalidRegionId.NotFound",
				"smoke test: region cn-nowhere was not captured: every scope failed"}, stacks: true},
		{name: "functions that say another version", more: "-yes -create-code-bucket -version mislabelled", code: 1,
			before: func(a *account) { a.retryTime = 2 * time.Second }, // it is waited for in vain
			says:   []string{`the lookups report version "v1", not "mislabelled"`}, stacks: true},
		{name: "a parameter that the template does not have", more: "-yes -param HttpAuht=anonymous", code: 2,
			says: []string{`the template has no parameter "HttpAuht"; did you mean HttpAuth?; it has `}},
		{name: "a parameter that the template does not allow", more: "-yes -param HttpAuth=nobody", code: 2,
			says: []string{`deploy: parameter HttpAuth: "nobody" is not allowed; allowed: function, anonymous, jwt`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			if row.before != nil {
				row.before(a)
			}
			more := row.more
			if !strings.Contains(more, "-version") {
				more += " -version v1"
			}
			a.expect(more, row.code, row.says...)
			if created := slices.Contains(a.Calls(), "CreateStack"); created && !row.stacks {
				t.Error("a stack was created")
			}
		})
	}
}

// forbid lets OSS refuse all requests of a method to a bucket.
func forbid(method, bucket string) func(*account) {
	return func(a *account) {
		a.oss.SetFault(func(r osstest.Request) *osstest.Fault {
			if r.Method == method && r.Bucket == bucket {
				return &osstest.Fault{Status: 403, Code: "AccessDenied"}
			}
			return nil
		})
	}
}

func refuse(action string) func(*account) {
	return func(a *account) {
		a.SetRefuse(func(called string) *deploytest.Refusal {
			if called == action {
				return &deploytest.Refusal{Status: 403, Code: "NoPermission", Message: "The user may not do " + action +
					"."}
			}
			return nil
		})
	}
}

// TestDeploysAgainAfterAFailure lets each action fail once, and looks at what the
// next run does.
func TestDeploysAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.OldestFirst = true
	broken := func(action, resource string) {
		a.SetBreakage(func(did, to string) string {
			if did == action && to == resource {
				return "ServiceBusy: try later"
			}
			return ""
		})
	}
	broken("CREATE", "QueryHttp")
	a.expect("-yes -version v1 -create-code-bucket", 1, "CREATE_ROLLBACK_COMPLETE")
	a.expect("-yes -version v1", 1, "is CREATE_ROLLBACK_COMPLETE and cannot be updated",
		"delete it with -destroy and deploy again")
	a.expect("-yes -destroy", 0, "is deleted")
	a.SetBreakage(nil)
	a.expect("-yes -version v1", 0, "reports version v1: deployed")

	broken("UPDATE", "SnapshotFunction")
	a.expect("-yes -version v2", 1,
		`stack "community-images" is ROLLBACK_COMPLETE: Resource SnapshotFunction failed: ServiceBusy: try later`,
		"UPDATE_FAILED SnapshotFunction")
	a.expect("-yes -version v1", 0, "nothing to change: stack \"community-images\" is ROLLBACK_COMPLETE",
		"reports version v1: deployed")
	a.SetBreakage(nil)
	a.expect("-yes -version v2", 0, "reports version v2: deployed")

	a.expect("-yes -version v2 -bucket another-bucket", 2,
		`stack "community-images" keeps its snapshots in bucket "the-data", not in -bucket "another-bucket"`)
	broken("DELETE", "SnapshotFunction")
	a.expect("-yes -destroy", 1, "is DELETE_FAILED: Resource SnapshotFunction failed", "DELETE_FAILED SnapshotFunction")
	a.SetBreakage(nil)
	a.expect("-yes -destroy", 0, `bucket "the-data" was kept`)
}

func TestTimeOutAndInterruption(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held := make(chan struct{})
	a.SetBreakage(func(_, resource string) string {
		if resource == "SnapshotFunction" {
			cancel()
			<-held
		}
		return ""
	})
	a.deploy(ctx, "-yes -version v1 -create-code-bucket -timeout 10m", "").must(t, "Ctrl-C", 1,
		"interrupted; what ROS has begun goes on: run this again to watch it")
	a.expect("-yes -version v1 -timeout 1s", 1,
		`stack "community-images" is CREATE_IN_PROGRESS; waiting for that to end`,
		`stack "community-images" is still CREATE_IN_PROGRESS after 1s; ROS goes on`)
	close(held)
	a.expect("-yes -version v1", 0, "reports version v1: deployed")
}

// TestInterruptedAtTheConfirmation presses Ctrl-C instead of typing an answer.
func TestInterruptedAtTheConfirmation(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.expect("-yes -version v1 -create-code-bucket", 0)
	for _, more := range []string{"-version v2", "-destroy", "-destroy -delete-data the-data"} {
		ctx, cancel := context.WithCancel(t.Context())
		a.Calls()
		o := a.deployFrom(ctx, more, readerFunc(func() {
			cancel()
			<-t.Context().Done() // nobody types
		}))
		o.must(t, more, 1, "Type yes: \n", "deploy: interrupted, nothing was changed\n")
		if calls := a.Calls(); slices.Contains(calls, "UpdateStack") || slices.Contains(calls, "DeleteStack") {
			t.Errorf("%s: calls %q", more, calls)
		}
	}
}

// readerFunc is a terminal that calls a function when it is read, and ends.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) { f(); return 0, io.EOF }

func TestTemporaryFaultsAreRetried(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	times := map[string]int{}
	a.SetRefuse(func(action string) *deploytest.Refusal { // one call at a time
		times[action]++
		switch {
		case action == "InvokeFunction" && times[action] < 4:
			return &deploytest.Refusal{Status: 429, Code: "ResourceExhausted",
				Message: "the reserved concurrency is used up"}
		case times[action] == 1:
			return &deploytest.Refusal{Status: 400, Code: "Throttling.User",
				Message: "Request was denied due to user flow control."}
		case times[action] == 2:
			return &deploytest.Refusal{Status: 503, Code: "ServiceUnavailable", Message: "later"}
		}
		return nil
	})
	a.expect("-yes -version v1 -create-code-bucket", 0, "reports version v1: deployed")
}

// TestWaitsForARunningSnapshot deploys while a run of the timer is in progress.
// FC refuses a second one with 429 until it ends.
func TestWaitsForARunningSnapshot(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.retryTime = 50 * time.Millisecond
	free := time.Now().Add(24 * time.Hour)
	a.SetRefuse(func(action string) *deploytest.Refusal {
		if action != "InvokeFunction" {
			return nil
		}
		if time.Until(free) > time.Hour {
			free = time.Now().Add(10 * a.retryTime)
		}
		if time.Now().Before(free) {
			return &deploytest.Refusal{Status: 429, Code: "ResourceExhausted",
				Message: "the reserved concurrency is used up"}
		}
		return nil
	})
	o := a.expect("-yes -version v1 -create-code-bucket", 0,
		"community-images-snapshot is at work; waiting up to 10m0s for that to end\n", "reports version v1: deployed")
	if strings.Count(o.out, "is at work") != 1 {
		t.Errorf("says more than once that it waits:\n%s", o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	times := 0
	a.SetRefuse(func(action string) *deploytest.Refusal { // and for ever
		if action == "InvokeFunction" {
			if times++; times == 3 {
				cancel()
			}
			return &deploytest.Refusal{Status: 429, Code: "ResourceExhausted",
				Message: "the reserved concurrency is used up"}
		}
		return nil
	})
	a.deploy(ctx, "-yes -version v1 -param SnapshotTimeout=60", "").must(t, "Ctrl-C", 1, "waiting up to 1m0s",
		"deploy: interrupted")
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.deploy(t.Context(), "-version v1 -create-code-bucket", "yes\n").must(t, "confirmed", 0,
		`deploy to stack "community-images" in cn-hangzhou? Type yes: `)
	a.deploy(t.Context(), "-destroy", "y\n").must(t, "not quite confirmed", 2,
		`delete stack "community-images" in cn-hangzhou, keeping bucket "the-data"? Type yes: `, "not confirmed")
	a.oss.Requests()
	a.deploy(t.Context(), "-version v1 -create-code-bucket", "").must(t, "unchanged", 0, "nothing to change")
	if requests := a.oss.Requests(); strings.Contains(requests, "PUT : ") || strings.Contains(requests, "PUT ?") {
		t.Errorf("a bucket that is there was made again:\n%s", requests)
	}
}

func TestSecretParametersAreNotShown(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	path := filepath.Join(t.TempDir(), "template.yaml")
	body := `ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  BucketName: {Type: String}
  CodeBucket: {Type: String}
  SnapshotCode: {Type: String}
  QueryCode: {Type: String}
  Token: {Type: String, NoEcho: true, AllowedPattern: '({.*)?[a-z]+'}
Resources:
  Bucket: {Type: ALIYUN::OSS::Bucket, Properties: {BucketName: {Ref: BucketName}}}
`
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	repeat := func(token string) { // as ROS may
		a.SetRefuse(func(action string) *deploytest.Refusal {
			if action != "PreviewStack" {
				return nil
			}
			return &deploytest.Refusal{Status: 400, Code: "StackValidationFailed", Message: fmt.Sprintf("no %q", token)}
		})
	}
	for _, row := range []struct {
		token, ros string
		code       int
		says       string
	}{
		{"UPPERCASE", "", 2, "parameter Token: the value is not allowed; allowed: what matches ({.*)?[a-z]+"},
		{"lowercase", "lowercase", 1, `StackValidationFailed: no "[redacted]"`},
		{`{"id":"lowercase"}`, `{"id":"lowercase"}`, 1, `StackValidationFailed: no "[redacted]"`},
		{"lowercase", "", 1, `smoke test: the stack has no output "SnapshotFunction"`},
	} {
		a.SetRefuse(nil)
		if row.ros != "" {
			repeat(row.ros)
		}
		token := row.token
		o := a.expect("-yes -version v1 -create-code-bucket -template "+path+" -param Token="+token, row.code, row.says)
		if strings.Contains(o.out+o.faults, token) || strings.Contains(o.out+o.faults, "UPPERCASE") {
			t.Errorf("shows the token: %s", o)
		}
	}
}
