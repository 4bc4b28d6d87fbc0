// Package command runs the main function of a script: it parses flags, prints
// errors and chooses the exit code in one way for all of them.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes of Run.
const (
	exitFailed = 1 // the command failed
	exitUsage  = 2 // flags or arguments are wrong
)

// Command is the command line of a script.
type Command struct {
	Name  string // the prefix of error messages, for example "verify"
	Usage string // printed above the list of flags
	// Define defines the flags.
	Define func(*flag.FlagSet)
	// Check returns what is wrong with the parsed flags and arguments.
	Check func(*flag.FlagSet) error
}

// UsageError is an error that wrong flags caused but that shows only while the
// command runs. Run exits with 2 for it.
type UsageError struct {
	// Err is what is shown.
	Err error
}

// Error implements error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *UsageError) Unwrap() error { return e.Err }

// seeHelp follows the faults of a command line. The usage itself would push them
// out of sight.
const seeHelp = "run with -h for the flags"

// Run parses the arguments and calls run. It prints errors to stderr, with the
// name of the command in front, and returns the exit code: 0 also for -h,
// 1 if run failed, 2 for wrong flags.
func (c Command) Run(args []string, stderr io.Writer, run func() error) int {
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	// Package flag would print the usage after every error.
	flags.SetOutput(io.Discard)
	c.Define(flags)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, c.Usage)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return 0
	}
	if err == nil {
		err = c.Check(flags)
	}
	if err != nil {
		c.print(stderr, err)
		c.print(stderr, errors.New(seeHelp))
		return exitUsage
	}
	err = run()
	if err == nil {
		return 0
	}
	c.print(stderr, err)
	var usage *UsageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// print prints an error. Each line of its text is a fault of its own, unless it is
// indented: then it continues the line before.
func (c Command) print(stderr io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, " ") {
			line = c.Name + ": " + line
		}
		fmt.Fprintln(stderr, line)
	}
}

// NoArguments returns an error if there are arguments that are not flags.
func NoArguments(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: everything is a flag", flags.Arg(0))
	}
	return nil
}

// Context returns a context that Ctrl-C and SIGTERM end.
func Context() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
