// Package archive stores the history of a region's images in a bucket, and
// reads it at any time that is kept.
//
// It stores immutable snapshot objects, a commit log for each region that is
// appended by position, and objects that are derived from them: the head, the
// index, and an index of each month of the log. README.md describes keys and objects.
//
// A commit is visible whole or not at all. A committed change is never lost. No
// reader sees an older commit after a newer one. What is read has been verified:
// damaged bytes are an error and are never served.
//
// The way of a write: Writer.Load returns the state to plan on (read.go), the
// caller asks upstream, and Writer.Commit does the rest (write.go). It stores
// snapshots (store.go), drafts a commit (draft.go), appends it (append.go), and
// updates the index (index_write.go, index_build.go), the indexes of months
// (month_index_write.go) and the head (head_sync.go).
//
// The way of a read: Archive.Now decodes the head (read.go) and applies the
// commits behind it (refresh.go). Archive.At, Archive.Commits and their neighbours
// (past.go) read states of the past and commits: package commitlog finds them by the
// indexes of months. Archive.Snapshot and Archive.Index return contents, and
// Archive.IndexedIDs the ids of the images alone.
//
// Package format has the documents that are stored, and the rules of what follows what.
// Region adds to the stored head what a reader needs. Package logfile reads the files of the
// log. Keys is the only place that builds and parses keys.
//
// Package gc removes what retention no longer keeps. Package fsck verifies everything,
// rebuilds what is derived, and makes a log that another tool has copied appendable again.
package archive
