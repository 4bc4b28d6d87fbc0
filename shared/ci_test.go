package shared_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// TestFuzzingNothingFails: a name that is misspelt must not look like a target
// in which nothing was found.
func TestFuzzingNothingFails(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "bash", "../.ci/fuzz", "FuzzNope").CombinedOutput()
	var failed *exec.ExitError
	if !errors.As(err, &failed) || failed.ExitCode() != 1 || !strings.Contains(string(out), `no target matches "FuzzNope"`) {
		t.Errorf("got %v: %s", err, out)
	}
}
