package archive

import (
	"io"

	"community-images/shared/archive/format"
	"community-images/shared/archive/logfile"
)

// replay applies the commits of a file to r, which stands where lines begins.
// It ends before the first commit for which stopBefore returns true, or after
// the first one for which visit returns false; then stopped is true. Either may
// be nil. Without visit the commits are read without their Images. On an error r is
// the state before the line that could not be read.
func (r *Region) replay(lines *logfile.Reader, stopBefore, visit func(*format.Commit) bool) (stopped bool, err error) {
	for {
		before := r.Log
		c, at, err := lines.NextCommit(&r.Head, visit != nil)
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
		if visit != nil && !visit(c) {
			return true, nil
		}
	}
}
