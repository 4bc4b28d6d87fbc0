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

// SetDistances sets how many bytes of the last month its index may lack, and how many bytes
// there are at least between two checkpoints.
func (w *Writer) SetDistances(indexLag, checkpoints int64) {
	w.indexLag, w.checkpointDistance = indexLag, checkpoints
}

// Archive returns what the rewriter reads with.
func (w *Rewriter) Archive() *Archive { return w.writer.Archive }

// Bucket returns what the archive reads from.
func (a *Archive) Bucket() Reader { return a.bucket }

// Keys returns the keys of the archive.
func (a *Archive) Keys() Keys { return a.keys }
