package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"community-images/scripts/command"
)

// options are the values of the flags.
type options struct {
	// name is shown in logs, so it must not be secret.
	name              string
	regions, clusters []string // nil: all
	expires           string   // RFC 3339; empty: never
	// What to do: a key instead of a token, extend a setting, check a token.
	key, add, check bool

	now func() time.Time // -expires must be later
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "token", Define: o.define, Check: o.checkFlags, Usage: usage}
}

// usage is printed above the list of flags.
const usage = `Usage: go run ./scripts/token -name NAME [flags]

Makes a bearer token, or an access key, for the query function. The value of
the setting goes to standard output, the secret, this once, to standard error.

`

// define defines the flags. Values that are wrong by themselves are refused while
// they are parsed.
func (o *options) define(f *flag.FlagSet) {
	f.StringVar(&o.name, "name", "",
		"`NAME` of who it is for: letters, digits, dots, hyphens and underscores; required")
	f.Func("regions", "comma `list` of the regions that it opens; default all", listFlag(&o.regions))
	f.Func("clusters", "comma `list` of the clusters that it opens, with _any for the question without a cluster; "+
		"default all, and that question", listFlag(&o.clusters))
	f.Func("expires", "a `date`, from whose beginning in UTC it is not accepted, or an RFC 3339 time; default never",
		timeFlag(&o.expires, o.now()))
	f.BoolVar(&o.key, "key", false, "make an access key for QUERY_ACCESS_KEYS instead of a token for QUERY_TOKENS")
	f.BoolVar(&o.add, "add", false, "read the present value of the setting from standard input and add to it")
	f.BoolVar(&o.check, "check", false,
		"make nothing: read a token from standard input and check that it was copied without a mistake")
}

// checkFlags returns an error for flags that do not go together.
func (o *options) checkFlags(f *flag.FlagSet) error {
	switch {
	case o.check && f.NFlag() > 1:
		return errors.New("-check goes with no other flag")
	case !o.check && o.name == "":
		return errors.New("-name is required")
	case o.key && o.expires != "":
		return errors.New("access keys do not expire: take them out of the setting")
	}
	return command.NoArguments(f)
}

// listFlag returns a flag function that splits a comma list into to.
func listFlag(to *[]string) func(string) error {
	return func(s string) error {
		for element := range strings.SplitSeq(s, ",") {
			*to = append(*to, strings.TrimSpace(element))
		}
		return nil
	}
}

// timeFlag returns a flag function that accepts a date or time after now.
func timeFlag(to *string, now time.Time) func(string) error {
	return func(s string) error {
		for _, form := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(form, s); err == nil {
				// A token that has expired already is a mistyped date.
				if !t.After(now) {
					return fmt.Errorf("that time is over")
				}
				*to = t.UTC().Format(time.RFC3339)
				return nil
			}
		}
		return fmt.Errorf("want a date such as 2027-01-31 or an RFC 3339 time")
	}
}
