package shared_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fuzzing is the script. Go, which keeps the results of tests, learns that they
// depend on it.
func fuzzing(t *testing.T) string {
	t.Helper()
	const path = "../.ci/fuzz"
	if _, err := os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFuzzingNothingFails: a name that is misspelt must not look like a target
// in which nothing was found.
func TestFuzzingNothingFails(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "bash", fuzzing(t), "FuzzNope").CombinedOutput()
	var failed *exec.ExitError
	if !errors.As(err, &failed) || failed.ExitCode() != 1 ||
		!strings.Contains(string(out), `no target matches "FuzzNope"`) {
		t.Errorf("got %v: %s", err, out)
	}
}

// fakeGo is a go command whose go test -c builds a copy of the file target, which
// stands beside it.
const fakeGo = `#!/bin/sh
[ "$1" = test ] || { echo "$1"; exit; }
while [ "$1" != -o ]; do shift; done
cp "$(dirname "$0")/target" "$2"
`

// TestFuzzingAgain: what Go said of a target in one run after another, what it
// ended with, and what comes of it.
func TestFuzzingAgain(t *testing.T) {
	t.Parallel()
	const (
		fine = "fuzz: elapsed: 3s, execs: 302841 (99343/sec), new interesting: 0 (total: 1)\n" +
			"fuzz: elapsed: 5s, execs: 579579 (118808/sec), new interesting: 0 (total: 1)\nPASS\n"
		late = "fuzz: elapsed: 6s, execs: 26 (0/sec), new interesting: 1 (total: 2)\n" +
			"fuzz: elapsed: 7s, execs: 26 (0/sec), new interesting: 1 (total: 2)\nPASS\n"
		ended = "fuzz: elapsed: 5s, execs: 579579 (118808/sec), new interesting: 0 (total: 1)\n" +
			"--- FAIL: FuzzKeys (5.01s)\n    context deadline exceeded\nFAIL\n"
		found = "--- FAIL: FuzzKeys (0.04s)\n    --- FAIL: FuzzKeys (0.00s)\n" +
			"        a_test.go:21: context deadline exceeded\n" +
			"    Failing input written to testdata/fuzz/FuzzKeys/a9c7a2fa383c164d\nFAIL\n"
		seed = "failure while testing seed corpus entry: FuzzKeys/seed#0\n--- FAIL: FuzzKeys (0.01s)\nFAIL\n"
		died = "--- FAIL: FuzzKeys (0.04s)\n" +
			"    fuzzing process terminated by unexpected signal; no crash will be recorded: signal: killed\nFAIL\n"
	)
	minutes := func(said string) string { return strings.ReplaceAll(said, "elapsed: ", "elapsed: 1m3") }
	for name, tc := range map[string]struct {
		limit string // FUZZTIME
		runs  []string
		fails bool
		says  string
	}{
		"nothing is found":                    {"5s", []string{fine}, false, ""},
		"nothing is found in minutes":         {"1m35s", []string{minutes(fine)}, false, ""},
		"nothing is found in some runs":       {"100x", []string{late}, false, ""},
		"an input fails":                      {"5s", []string{found}, true, ""},
		"a seed fails":                        {"5s", []string{seed}, true, ""},
		"a worker dies":                       {"5s", []string{died}, true, ""},
		"Go fails at the end":                 {"5s", []string{ended, fine}, false, "nothing but the end of its time"},
		"Go fails at the end twice":           {"5s", []string{ended, ended}, true, ""},
		"Go fails at the end, an input after": {"5s", []string{ended, found}, true, ""},
		"Go fails at the end between others":  {"5s", []string{ended, late, ended}, true, ""},
		"an input was late":                   {"5s", []string{late, fine}, false, "not done when the time was up"},
		"the machine is late": {"5s", []string{late, late, ended, fine}, false,
			"nothing but the end of its time"},
		"inputs are late": {"5s", []string{late, late, late, late}, true,
			"FuzzKeys has an input that takes longer"},
		"inputs are late in minutes":       {"95s", slices.Repeat([]string{minutes(late)}, 4), true, "or has no end"},
		"an input is late, then one fails": {"5s", []string{late, found}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script := "#!/bin/sh\ncd " + dir + " || exit\nruns=$(ls run* | wc -l)\nmv run$runs was$runs\n" +
				"cat was$runs\n! grep -q FAIL was$runs\n"
			files := map[string]string{"target": script, "go": fakeGo}
			for i, said := range tc.runs {
				files[fmt.Sprint("run", len(tc.runs)-i)] = said
			}
			for file, content := range files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "bash", fuzzing(t), "^shared/archive FuzzKeys$")
			cmd.Env = append(os.Environ(), "FUZZTIME="+tc.limit, "PATH="+dir+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			left, _ := filepath.Glob(filepath.Join(dir, "run*"))
			if (err != nil) != tc.fails || len(left) > 0 || !strings.Contains(string(out), tc.says) {
				t.Errorf("%v, %d runs to go, said\n%s", err, len(left), out)
			}
		})
	}
}
