package format

import (
	"community-images/shared/catalog"
)

// LogFile is one month of the log.
type LogFile struct {
	// FirstCommittedAt is the time of its first commit.
	FirstCommittedAt catalog.Time `json:"FirstCommittedAt"`
	// FirstSequence is the number of its first commit.
	FirstSequence int64 `json:"FirstSequence"`
	// Month names the file, for example "2006-01".
	Month string `json:"Month"`
	// Previous is that of its first commit: the hash of the last line of the file before.
	Previous string `json:"Previous"`
}

// LogPosition is a place in the log: where a state stands, and where the next commit goes.
type LogPosition struct {
	// Month names the file. It is empty if the region has no log.
	Month string
	// Length is how many bytes of the file have been read.
	Length int64
	// Hash is the SHA-256 in hex of the last commit's line.
	Hash string
	// Checkpoint is the offset of the last line of the file with a checkpoint.
	Checkpoint int64
	// Torn is true if the file does not end with a line end.
	Torn bool
	// Successor is the month in which the log goes on. It is empty unless the last
	// commit is a seal.
	Successor string
}

// NoteCheckpoint notes the checkpoint of a commit, if it has one, whose line stands at an
// offset.
func (p *LogPosition) NoteCheckpoint(c *Commit, at int64) {
	if c.Checkpoint != nil {
		p.Checkpoint = at
	}
}

// IsSealed reports whether the last commit is a seal.
func (p LogPosition) IsSealed() bool { return p.Successor != "" }

// FirstKeptFile returns the position in Files of the first file that retention has not
// removed, by what the head says. It is len(h.Files) if it has removed all.
func (h *Head) FirstKeptFile() int {
	i := 0
	for i < len(h.Files) && h.Files[i].Month <= h.Swept.Through {
		i++
	}
	return i
}

// FileOf returns the position in Files of the file with a commit, or -1.
func (h *Head) FileOf(sequence int64) int {
	return h.FileAt(func(f LogFile) bool { return f.FirstSequence > sequence })
}

// FileAt returns the position in Files of the last file that is not too late, or -1.
func (h *Head) FileAt(isLate func(LogFile) bool) int {
	i := len(h.Files) - 1
	for i >= 0 && isLate(h.Files[i]) {
		i--
	}
	return i
}

// LastOfFile returns the number of the last commit of file i of Files, up to h.
func (h *Head) LastOfFile(i int) int64 {
	if i+1 < len(h.Files) {
		return h.Files[i+1].FirstSequence - 1
	}
	return h.Sequence
}

// IsIndexed reports whether file i of Files has an index, by what the head says.
func (h *Head) IsIndexed(i int) bool {
	return h.Files[i].Month < h.MonthIndex.Month || h.IndexedLength(i) > 0
}

// IndexedLength returns how many bytes of file i of Files are indexed. It is 0 for files other
// than the one of MonthIndex.
func (h *Head) IndexedLength(i int) int64 {
	if h.Files[i].Month == h.MonthIndex.Month {
		return h.MonthIndex.Length
	}
	return 0
}

// NoteIndexed notes in MonthIndex that file i of Files is indexed up to a length in bytes.
func (h *Head) NoteIndexed(i int, length int64) {
	h.MonthIndex = IndexedMonth{Length: length, Month: h.Files[i].Month}
	if i+1 < len(h.Files) {
		h.MonthIndex = IndexedMonth{Month: h.Files[i+1].Month}
	}
}
