package commitlog

import (
	"io"

	"community-images/shared/archive/format"
	"community-images/shared/archive/logfile"
)

// Replay applies the commits of a file to r, which stands where lines begins.
// It ends before the first commit for which stopBefore returns true; then stopped is true.
// stopBefore may be nil. Commits are read without their Images. On an error r is the state
// before the line that could not be read.
func Replay(r *format.Head, lines *logfile.Reader, stopBefore func(*format.Commit) bool) (stopped bool, err error) {
	for {
		before := r.Log
		c, at, err := lines.NextCommit(r, false)
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		case stopBefore != nil && stopBefore(c):
			before.Length, before.Torn = at, false
			r.Log = before
			return true, nil
		}
		r.Apply(c)
	}
}
