package archive

import (
	"community-images/shared/catalog"
)

// File is one month of the log.
type File struct {
	// FirstCommittedAt is the time of its first commit.
	FirstCommittedAt catalog.Time `json:"FirstCommittedAt"`
	// FirstSequence is the number of its first commit.
	FirstSequence int64 `json:"FirstSequence"`
	// Month names the file, for example "2006-01".
	Month string `json:"Month"`
	// Previous is that of its first commit: the hash of the last line of the file before.
	Previous string `json:"Previous"`
}

// position is a position in the log.
type position struct {
	// month names the file. It is empty if the region has no log.
	month string
	// length is how many bytes of the file have been read.
	length int64
	// hash is the SHA-256 in hex of the last commit's line.
	hash string
	// checkpoint is the offset of the last line of the file with a checkpoint.
	checkpoint int64
	// torn is true if the file does not end with a line end.
	torn bool
	// successor is the month in which the log goes on. It is empty unless the last
	// commit is a seal.
	successor string
}

// noteCheckpoint notes the checkpoint of a commit, if it has one, whose line stands at an
// offset.
func (p *position) noteCheckpoint(c *Commit, at int64) {
	if c.Checkpoint != nil {
		p.checkpoint = at
	}
}

// isSealed reports whether the last commit is a seal.
func (p position) isSealed() bool { return p.successor != "" }

// firstKeptFile returns which file of the log is the first that retention has not removed,
// by what the head says.
func (h *Head) firstKeptFile() int {
	i := 0
	for i < len(h.Files) && h.Files[i].Month <= h.Swept.Through {
		i++
	}
	return i
}

// fileOf returns the file of the log with a commit, or -1.
func (h *Head) fileOf(sequence int64) int {
	return h.fileAt(func(f File) bool { return f.FirstSequence > sequence })
}

// fileAt returns the last file of the log that is not too late, or -1.
func (h *Head) fileAt(isLate func(File) bool) int {
	i := len(h.Files) - 1
	for i >= 0 && isLate(h.Files[i]) {
		i--
	}
	return i
}

// lastOfFile returns the number of the last commit of file i of the log, up to h.
func (h *Head) lastOfFile(i int) int64 {
	if i+1 < len(h.Files) {
		return h.Files[i+1].FirstSequence - 1
	}
	return h.Sequence
}

// isIndexed reports whether file i of the log has an index, by what the head says.
func (h *Head) isIndexed(i int) bool {
	return h.Files[i].Month < h.MonthIndex.Month || h.indexedLength(i) > 0
}

// indexedLength returns how many bytes of file i of the log are indexed.
func (h *Head) indexedLength(i int) int64 {
	if h.Files[i].Month == h.MonthIndex.Month {
		return h.MonthIndex.Length
	}
	return 0
}

// noteIndexed notes that file i of the log is indexed up to a length.
func (h *Head) noteIndexed(i int, length int64) {
	h.MonthIndex = IndexedMonth{Length: length, Month: h.Files[i].Month}
	if i+1 < len(h.Files) {
		h.MonthIndex = IndexedMonth{Month: h.Files[i+1].Month}
	}
}
