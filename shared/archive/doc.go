// Package archive is the storage protocol: immutable snapshot objects, a
// commit log per region that is appended by position, and a derived head.
//
// It promises that a commit is visible whole or not at all, that a committed
// change is never lost, that no reader sees an older commit after a newer one,
// and that what it reads has been verified. The public contract of keys and
// objects is in the README ("What is stored").
package archive
