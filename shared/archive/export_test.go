package archive

// InPieces makes a read the log so many bytes at a time, and allow lines of so many
// bytes at most.
func InPieces(a *Archive, pieceSize int64, maxLine int) *Archive {
	a.log.PieceSize, a.log.MaxLine = pieceSize, maxLine
	return a
}

// InWindows makes a read months with an index in windows of so many bytes.
func InWindows(a *Archive, window int) *Archive {
	a.log.Window = window
	return a
}

// SetDistances sets how many bytes of the last month its index may lack, and how many bytes
// there are at least between two checkpoints.
func (w *Writer) SetDistances(indexLag, checkpoints int64) {
	w.indexLag, w.checkpointDistance = indexLag, checkpoints
}
