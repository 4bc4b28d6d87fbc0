package logfile

import (
	"bytes"

	"community-images/shared/archive/format"
)

// NextCommit returns the commit after h and the offset of its line in the file. h.Log moves
// over every line, also over those that count for nobody: the next append goes to the end
// of the file. The caller applies the commit. The error is io.EOF at the end of the file.
func (l *Reader) NextCommit(h *format.Head, withImages bool) (c *format.Commit, at int64, err error) {
	for {
		data, err := l.Next()
		if err != nil {
			return nil, 0, err
		}
		at, wasTorn := h.Log.Length, h.Log.Torn
		line, ended := bytes.CutSuffix(data, []byte{'\n'})
		h.Log.Length, h.Log.Torn = at+int64(len(data)), !ended
		if wasTorn { // data is the rest of a line that was never finished
			continue
		}
		c, err := parseNext(h, l.key, line, withImages)
		if err != nil {
			return nil, 0, err
		}
		if c != nil {
			c.LineHash = format.HashLine(line)
			h.Log.NoteCheckpoint(c, at)
			return c, at, nil
		}
	}
}

// parseNext decodes a line of the file key. It returns nil if the line is not
// the commit after h and counts for nobody.
func parseNext(h *format.Head, key string, line []byte, withImages bool) (*format.Commit, error) {
	c, intact := format.DecodeCommit(line, withImages)
	if c == nil {
		return nil, nil
	}
	isNext, err := h.CheckNext(c, intact)
	if err != nil {
		return nil, format.NewDamagedError(key, err)
	}
	if !isNext {
		return nil, nil
	}
	return c, nil
}
