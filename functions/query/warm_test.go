package main

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/fcrun/fctest"
)

const readsHead = "GET community-images/v1/cn-hangzhou/head.json"

// TestHeadIsReadBeforeTheFirstInvocation: an instance uses the time until FC
// hands it something.
func TestHeadIsReadBeforeTheFirstInvocation(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, regionSize{"few", 3, 5, 10})
	c.startFunction(t, buildQuery(t))
	asked := ""
	for end := time.Now().Add(30 * time.Second); !strings.Contains(asked, readsHead+
		": 200"); time.Sleep(time.Millisecond) {
		if asked += c.oss.Requests(); time.Now().After(end) {
			t.Fatalf("it is not read; OSS is asked %q", asked)
		}
	}
}

// TestCredentialsOfTheEnvironment: what FC puts there serves the early reading
// alone; a lookup has those of its invocation.
func TestCredentialsOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		env   []string
		early string // answer to the first request
	}{
		{"there are none", []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=",
			"ALIBABA_CLOUD_SECURITY_TOKEN="}, ": 200"},
		{"they are refused", []string{"ALIBABA_CLOUD_SECURITY_TOKEN=of-another-time"}, ": 403 InvalidSecurityToken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := newTestRegion(t, regionSize{"few", 3, 5, 10})
			var output []string
			f, err := fctest.Start(t.Context(), buildQuery(t), fctest.Options{
				Env: c.functionEnv(row.env...), Credentials: c.credentials(), Output: func(line string) {
					output = append(output, line)
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			invokeFor(t, f, newEvent(t, "/v1/images?limit=1&ClusterId="+c.clusters[0], nil), 200)
			f.Stop()
			asked := c.oss.Requests()
			first, _, _ := strings.Cut(asked, "\n")
			if first != readsHead+row.early {
				t.Errorf("OSS is asked first\n%s", asked)
			}
			if all := strings.Join(output, "\n"); strings.Contains(all, `"level":"error"`) ||
				strings.Contains(all, "of-another-time") {
				t.Errorf("the log is\n%s", all)
			}
		})
	}
}
