// Package archive stores the history of a region's images in a bucket, and
// reads it at any time that is kept.
//
// It stores immutable snapshot objects, a commit log for each region that is
// appended by position, and two objects that are derived from them: the head
// and the index. README.md describes keys and objects.
//
// A commit is visible whole or not at all. A committed change is never lost. No
// reader sees an older commit after a newer one. What is read has been verified:
// damaged bytes are an error and are never served.
package archive
