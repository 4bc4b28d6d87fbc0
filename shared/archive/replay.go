package archive

import (
	"bytes"
	"io"

	"community-images/shared/archive/format"
)

// replay applies the commits of a file to r, which stands where lines begins.
// It ends before the first commit for which stopBefore returns true, or after
// the first one for which visit returns false; then stopped is true. Either may
// be nil. Without visit the commits are read without their Images. On an error r is
// the state before the line that could not be read.
func (r *Region) replay(lines *lineReader, stopBefore, visit func(*format.Commit) bool) (stopped bool, err error) {
	for {
		before := r.Log
		c, at, err := r.readNext(lines, visit != nil)
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

// readNext returns the commit after r and the offset of its line in the file. r.Log moves
// over every line, also over those that count for nobody: the next append goes to the end
// of the file. The caller applies the commit. The error is io.EOF at the end of the file.
func (r *Region) readNext(lines *lineReader, withImages bool) (c *format.Commit, at int64, err error) {
	for {
		data, err := lines.next()
		if err != nil {
			return nil, 0, err
		}
		at, wasTorn := r.Log.Length, r.Log.Torn
		line, ended := bytes.CutSuffix(data, []byte{'\n'})
		r.Log.Length, r.Log.Torn = at+int64(len(data)), !ended
		if wasTorn { // data is the rest of a line that was never finished
			continue
		}
		c, err := r.parseNext(lines.key, line, withImages)
		if err != nil {
			return nil, 0, err
		}
		if c != nil {
			c.LineHash = format.HashLine(line)
			r.Log.NoteCheckpoint(c, at)
			return c, at, nil
		}
	}
}

// parseNext decodes a line of the file key. It returns nil if the line is not
// the commit after r and counts for nobody.
func (r *Region) parseNext(key string, line []byte, withImages bool) (*format.Commit, error) {
	c, intact := format.DecodeCommit(line, withImages)
	if c == nil {
		return nil, nil
	}
	isNext, err := r.CheckNext(c, intact)
	if err != nil {
		return nil, format.NewDamagedError(key, err)
	}
	if !isNext {
		return nil, nil
	}
	return c, nil
}
