// Command token makes a bearer token, or an access key, for the query function.
// It prints the setting that lets it in to standard output, and the secret,
// which is not kept anywhere, once to standard error.
//
//	go run ./scripts/token -name ci
//	go run ./scripts/token -name team-a -regions cn-hangzhou -clusters ehpc-hz-1,_any -expires 2027-01-31
//	go run ./scripts/token -name cli -key
//	go run ./scripts/token -name second -add < tokens.json
//	go run ./scripts/token -check < token.txt
//	go run ./scripts/token -h
package main

import (
	"crypto/rand"
	"io"
	"os"
	"time"
)

// streams are what the command reads and writes. Tests give their own.
type streams struct {
	in          io.Reader // the present setting, or a token to check
	out, secret io.Writer // the setting, and the secret with all messages
	random      io.Reader // secrets are made of its bytes
}

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, rand.Reader}, time.Now))
}

// run runs the command. The exit code is 1 for a setting that cannot be extended
// and for a token with a wrong checksum.
func run(args []string, s streams, now func() time.Time) int {
	o := options{now: now}
	return o.command().Run(args, s.secret, func() error {
		if o.check {
			return checkToken(s.in, s.out)
		}
		return o.issue(s)
	})
}
