// Package format has the stored documents of an archive: it encodes them, decodes them and
// verifies what was read.
//
// The documents are the lines of the commit log (Commit), the head (Head) and the index of a
// region (Index). README.md of package archive describes their members. Snapshots are
// documents of package catalog, and the indexes of months are those of package commitlog.
//
// Equal values have equal bytes. What a decoder returns has been verified: the object has
// the digest that it states, and is of this Version. Otherwise it returns an error, which
// NewDamagedError turns into *DamagedError or *VersionError with the key of the object.
// Members that this program does not know are ignored.
//
// Head.CheckNext is the only place that says which line is the next commit, and Head.Apply
// what a commit changes. DatesByID.AddCommit is the only place that says when an image was
// first seen and changed. ImageChanges says how two contents differ.
//
// Nothing here reads or writes a bucket.
package format
