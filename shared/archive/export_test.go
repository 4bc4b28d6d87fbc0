package archive

// InPieces makes a read the log so many bytes at a time, and allow lines of so many
// bytes at most.
func InPieces(a *Archive, pieceSize int64, maxLine int) *Archive {
	a.pieceSize, a.maxLine = pieceSize, maxLine
	return a
}

// Archive returns what the collector reads with.
func (c *Collector) Archive() *Archive { return c.writer.Archive }

// Archive returns what the rewriter reads with.
func (w *Rewriter) Archive() *Archive { return w.writer.Archive }
