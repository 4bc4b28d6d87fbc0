package archive

// InPieces makes a read the log so many bytes at a time, and lines of so many
// bytes at most.
func InPieces(a *Archive, piece int64, line int) *Archive {
	a.piece, a.line = piece, line
	return a
}

// Archive is what the collector reads with.
func (c *Collector) Archive() *Archive { return c.writer.Archive }
