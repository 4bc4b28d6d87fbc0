package archive

// InPieces makes a read the log so many bytes at a time, and allow lines of so many
// bytes at most.
func InPieces(a *Archive, pieceSize int64, maxLine int) *Archive {
	a.pieceSize, a.maxLine = pieceSize, maxLine
	return a
}

// InWindows makes a read months with an index in windows of so many bytes.
func InWindows(a *Archive, window int) *Archive {
	a.window = window
	return a
}

// SetIndexLag sets how many bytes of the last month its index may lack.
func (w *Writer) SetIndexLag(bytes int64) { w.indexLag = bytes }

// Archive returns what the collector reads with.
func (c *Collector) Archive() *Archive { return c.writer.Archive }

// Archive returns what the rewriter reads with.
func (w *Rewriter) Archive() *Archive { return w.writer.Archive }
