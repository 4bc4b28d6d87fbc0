package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNodeClients drives the vendor's npm clients, which sign in code of their
// own, against the real binary. NODE_CLIENTS names a directory into which
// @alicloud/pop-core and @alicloud/openapi-client are installed.
func TestNodeClients(t *testing.T) {
	t.Parallel()
	modules := os.Getenv("NODE_CLIENTS")
	if modules == "" {
		t.Skip("NODE_CLIENTS is not set; .ci/run installs the clients and sets it")
	}
	u := newEHPCFixture(t)
	u.runSnapshot()
	replica := u.startReplica(accessKeys())
	status, body := rpcClient("GET", "JSON")(t, replica, fullKey, "ListCommunityImages",
		map[string]string{"RegionId": "cn-shanghai", "ClusterId": captured})
	want := parseReply(t, status, body)
	cmd := exec.CommandContext(t.Context(), "node", "testdata/clients.cjs", modules, replica, fullKey.id,
		fullKey.secret, captured)
	var faults strings.Builder
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, faults.String())
	}
	var replies map[string]json.RawMessage
	if err := json.Unmarshal(out, &replies); err != nil || len(replies) != 10 {
		t.Fatalf("%v in %.500s", err, out)
	}
	for name, got := range replies {
		if strings.HasSuffix(name, "wrong secret") {
			if !strings.Contains(string(got), `"Code":"SignatureDoesNotMatch"`) {
				t.Errorf("%s: %s", name, got)
			}
			continue
		}
		if strings.Contains(string(got), `"Code":`) {
			t.Errorf("%s: %s", name, got)
			continue
		}
		if diff := diffEntries(want, parseReply(t, 200, string(got))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
