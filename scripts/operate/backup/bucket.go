package main

import (
	"strings"

	"community-images/scripts/cloudstore"
	"community-images/shared/archive"
)

// bucketRoot is the bucket and the prefix of all keys in it that belong to us.
type bucketRoot struct {
	// bucket is the functions' bucket.
	bucket archive.Sweeper
	// root ends with a slash.
	root string
	// keys builds and parses the keys below root.
	keys archive.Keys
}

// openBucket opens the functions' bucket from outside of Function Compute.
func openBucket(environ []string) (*bucketRoot, error) {
	store, err := cloudstore.Open(environ)
	if err != nil {
		return nil, err
	}
	return &bucketRoot{bucket: store.Bucket, root: store.Keys.Root(), keys: store.Keys}, nil
}

// The kinds of objects, in the order in which a backup reads them: the head
// before the log that it is derived from, and the log before the snapshots that
// it refers to. So nothing in the copy refers to something that is missing, even
// if runs commit meanwhile. A restore writes them in the opposite order.
const (
	kindDerived = iota
	kindLog
	kindSnapshot
	kindCount
)

// kindOf returns the kind of the object with a key.
func kindOf(key string) int {
	switch {
	case strings.Contains(key, "/clusters/"):
		return kindSnapshot
	case strings.Contains(key, "/log/"):
		return kindLog
	}
	return kindDerived
}
