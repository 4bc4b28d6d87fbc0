package command_test

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// invocation is a call of a script, and what it must print.
type invocation struct {
	args string // divided by blanks
	code int
	// want are all lines on standard error, without the name of the script.
	want []string
}

// seeHelp ends the faults of every command line.
const seeHelp = "run with -h for the flags"

// scripts are all commands below scripts/, each with its own ways to be called
// wrongly: a missing flag or argument, a wrong value, values that exclude each
// other.
var scripts = map[string][]invocation{
	"build": {
		{"-version a/b", 2, []string{
			`version "a/b" is not 1 to 64 of A-Z a-z 0-9 . _ + - that begin with a letter or digit`, seeHelp}},
	},
	"check":         {{"-write", 2, []string{"-write needs -models: the extract is made from the packages", seeHelp}}},
	"check/measure": {{"a b", 2, []string{"name at most one directory", seeHelp}}},
	"cost": {
		{"-clusters -1", 2, []string{"-clusters must be a number, not below 0", seeHelp}},
		{"-every soon", 2, []string{`invalid value "soon" for flag -every: parse error`, seeHelp}},
		{"-every", 2, []string{"flag needs an argument: -every", seeHelp}},
	},
	"deploy": {
		{"-destroy -region cn_1", 2, []string{
			"ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to deploy with",
			"ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the secret of the access key",
			`-region "cn_1" is not a region id such as cn-hangzhou`, seeHelp}},
		{"-timeout never", 2, []string{`invalid value "never" for flag -timeout: parse error`, seeHelp}},
	},
	"local": {
		{"-every 1ms", 2, []string{"-every 1ms is too short; allowed are 1s and longer", seeHelp}},
		{"-once=maybe", 2, []string{`invalid boolean value "maybe" for -once: parse error`, seeHelp}},
	},
	"open": {
		{"", 2, []string{
			"-region or -url is not set: which deployment to open",
			"ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to find the stack and to sign with; " +
				"with -url a token suffices", seeHelp}},
		{"-url https://images.example -listen 0.0.0.0:80", 2, []string{
			`-listen "0.0.0.0:80" is not on the loopback interface: use 127.0.0.1 or [::1]`,
			"ALIBABA_CLOUD_ACCESS_KEY_ID is not set, and COMMUNITY_IMAGES_TOKEN neither: an access key to sign with, or a token",
			seeHelp}},
	},
	"notify": {
		{"", 2, []string{"say either -check or -test NAME", seeHelp}},
		{"-check", 2, []string{"name one file, or say -cloud", seeHelp}},
		{"-check -cloud x", 2, []string{"-cloud reads the file in the bucket: name no other", seeHelp}},
	},
	"operate/backup": {
		{"", 2, []string{"name one directory", seeHelp}},
		{"a b", 2, []string{"name one directory", seeHelp}},
	},
	"prove": {
		{"-region cn_1 -events 2h", 2, []string{
			`-region "cn_1" is not a region id such as cn-hangzhou`,
			"ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to deploy with",
			"ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the secret of the access key",
			"-events 2h0m0s is not from 0s to 1h", seeHelp}},
	},
	"token": {
		{"", 2, []string{"-name is required", seeHelp}},
		{"-name", 2, []string{"flag needs an argument: -name", seeHelp}},
	},
	"verify": {{"-cloud -data x", 2, []string{"-cloud and -data exclude each other", seeHelp}}},
}

// others are the commands that do not use this package: an example that people
// copy, which has tests of its own, and a function of Function Compute.
var others = []string{"operate/signed", "prove/probe"}

// takesArguments are the scripts with arguments that are not flags.
var takesArguments = []string{"operate/backup", "check/measure", "notify"}

// TestEveryScriptIsCalledAlike runs every script with -h, with a flag that does
// not exist, with an argument too many, and with its own faults. Faults come one a
// line and nothing else does: the usage would hide them.
func TestEveryScriptIsCalledAlike(t *testing.T) {
	t.Parallel()
	checkAllScriptsAreListed(t)
	dir := buildScripts(t)
	for name, own := range scripts {
		binary := filepath.Join(dir, path.Base(name))
		rows := append([]invocation{
			{"-frobnicate", 2, []string{"flag provided but not defined: -frobnicate", seeHelp}},
		}, own...)
		switch {
		case slices.Contains(takesArguments, name):
		case name == "deploy": // the argument may be a misplaced secret
			rows = append(rows, invocation{"now -yes", 2, []string{"unexpected argument at place 1: everything is a flag"}})
		case name == "prove":
			rows = append(rows, invocation{"now", 2, []string{`unexpected argument "now": everything is a flag`}})
		case name == "token": // asks for the name first
			rows = append(rows, invocation{"-name a b", 2, []string{`unexpected argument "b": everything is a flag`, seeHelp}})
		default:
			rows = append(rows, invocation{"now", 2, []string{`unexpected argument "now": everything is a flag`, seeHelp}})
		}
		for _, row := range rows {
			code, out, faults := runScript(t, binary, row.args)
			prefix := filepath.Base(name) + ": "
			want := prefix + strings.Join(row.want, "\n"+prefix) + "\n"
			// These two go on with all that is missing besides.
			if (name == "deploy" || name == "prove") && strings.HasPrefix(row.args, "now") {
				want, faults = want[:len(want)-1], faults[:min(len(faults), len(want)-1)]
			}
			if code != row.code || out != "" || faults != want {
				t.Errorf("%s %s: exit %d, want %d\n%s%swant\n%s", name, row.args, code, row.code, out, faults, want)
			}
		}
		for _, help := range []string{"-h", "--help"} {
			code, out, usage := runScript(t, binary, help)
			first := "Usage: go run ./scripts/" + name
			if code != 0 || out != "" || !strings.HasPrefix(usage, first) || strings.Contains(usage, seeHelp) {
				t.Errorf("%s %s: exit %d\n%s%s", name, help, code, out, usage)
			}
		}
	}
}

// buildScripts compiles all scripts into a directory, each under the last step
// of its path. Symbols for debuggers would take a third of the time.
func buildScripts(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	args := []string{"build", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}
	for name := range scripts {
		args = append(args, "community-images/scripts/"+name)
	}
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// checkAllScriptsAreListed compares the table with the commands that there are.
func checkAllScriptsAreListed(t *testing.T) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`,
		"community-images/scripts/...")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for importPath := range strings.FieldsSeq(string(out)) {
		name := strings.TrimPrefix(importPath, "community-images/scripts/")
		if _, ok := scripts[name]; !ok && !slices.Contains(others, name) {
			t.Errorf("scripts/%s is not in the table", name)
		}
	}
}

// runScript runs a binary in an empty directory, without settings and keys.
func runScript(t *testing.T, binary, args string) (code int, out, faults string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, strings.Fields(args)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &stdout, &stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}
