package command_test

import (
	"errors"
	"flag"
	"strings"
	"testing"

	"community-images/scripts/command"
)

func TestRun(t *testing.T) {
	t.Parallel()
	failed := errors.New("no such bucket")
	for _, tc := range []struct {
		name   string
		args   string
		result error // of the command
		code   int
		prints string // on stderr, or its beginning
	}{
		{"success", "-size 3", nil, 0, ""},
		{"help", "-h", nil, 0, "Usage: demo\n  -size int"},
		{"an unknown flag", "-no", nil, 2, "demo: flag provided but not defined: -no\ndemo: run with -h for the flags\n"},
		{"a wrong value", "-size x", nil, 2,
			"demo: invalid value \"x\" for flag -size: parse error\ndemo: run with -h for the flags\n"},
		{"a value that is missing", "-size", nil, 2,
			"demo: flag needs an argument: -size\ndemo: run with -h for the flags\n"},
		{"an argument", "left", nil, 2,
			"demo: unexpected argument \"left\": everything is a flag\ndemo: run with -h for the flags\n"},
		{"a failure", "", failed, 1, "demo: no such bucket\n"},
		{"two failures", "", errors.Join(failed, errors.New("no key")), 1, "demo: no such bucket\ndemo: no key\n"},
		{"a failure with details", "", errors.New("the stack failed\n  a resource"), 1,
			"demo: the stack failed\n  a resource\n"},
		{"a wrong flag that shows late", "", &command.UsageError{Err: failed}, 2, "demo: no such bucket\n"},
	} {
		var stderr strings.Builder
		size := 0
		demo := command.Command{
			Name: "demo", Usage: "Usage: demo\n", Check: command.NoArguments,
			Define: func(f *flag.FlagSet) { f.IntVar(&size, "size", 0, "size") },
		}
		code := demo.Run(strings.Fields(tc.args), &stderr, func() error { return tc.result })
		if code != tc.code || !strings.HasPrefix(stderr.String(), tc.prints) || tc.prints == "" && stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, want %d; printed %q", tc.name, code, tc.code, stderr.String())
		}
	}
}
