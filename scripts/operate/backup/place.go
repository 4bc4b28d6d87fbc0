package main

import (
	"strings"

	"community-images/scripts/outside"
	"community-images/shared/archive"
)

// place is the bucket, and the common beginning of the keys in it.
type place struct {
	bucket archive.Sweeper
	root   string
}

// open opens the bucket of the functions, from outside of them.
func open(environ []string) (*place, error) {
	store, err := outside.Open(environ)
	if err != nil {
		return nil, err
	}
	return &place{bucket: store.Bucket, root: store.Keys.Root()}, nil
}

// The kinds of objects, in the order in which they are saved: the head before
// the log that it is derived from, and the log before the snapshots that it
// refers to. Then whatever a run does meanwhile, nothing in the copy refers to
// something that is not in it. They are restored the other way round.
const (
	derived = iota
	log
	snapshot
	kinds
)

func kindOf(key string) int {
	switch {
	case strings.Contains(key, "/clusters/"):
		return snapshot
	case strings.Contains(key, "/log/"):
		return log
	}
	return derived
}
