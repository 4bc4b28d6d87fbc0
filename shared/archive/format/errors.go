package format

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// VersionError means that another version of this program has written an object, in
// another format. Everything beside the object is of that format too. The error is also
// a *DamagedError, for callers that need not tell the two apart.
type VersionError struct {
	// Key names the object.
	Key string
	// Version is the Format that the object states.
	Version int
}

// Error implements error. It says what to do.
func (e *VersionError) Error() string { return fmt.Sprintf("object %q %s", e.Key, e.Reason()) }

// Unwrap returns a *DamagedError.
func (e *VersionError) Unwrap() error { return &DamagedError{Key: e.Key, Reason: "it " + e.Reason()} }

// Reason completes "object X".
func (e *VersionError) Reason() string {
	return fmt.Sprintf("%s. Nothing converts it: remove all objects below %q, or choose another OSS_PREFIX; "+
		"the next run begins a new history", otherVersion(e.Version), e.root())
}

// root returns the common prefix of all keys of the region.
func (e *VersionError) root() string {
	root, name := path.Split(e.Key)
	if IsMonth(strings.TrimSuffix(name, ".ndjson")) {
		root = strings.TrimSuffix(root, "log/")
	}
	return root
}

// otherVersion is what decoders return for an object of another format, which is the
// value. They return it only if the object has the digest that it states: nobody must
// remove an archive because of a flipped bit.
type otherVersion int

// Error implements error.
func (f otherVersion) Error() string {
	return fmt.Sprintf("has format %d, and this program reads format %d", int(f), Version)
}

// NewDamagedError returns the error for the object key, which a decoder has refused with
// err: *VersionError if the object is of another format, else *DamagedError.
func NewDamagedError(key string, err error) error {
	var other otherVersion
	if errors.As(err, &other) {
		return &VersionError{Key: key, Version: int(other)}
	}
	return &DamagedError{Key: key, Reason: err.Error()}
}

// CheckVersion returns *VersionError if a decoder has refused the object key, with err,
// because of its format. Otherwise it returns nil, also if err is not nil.
func CheckVersion(key string, err error) error {
	var other otherVersion
	if errors.As(err, &other) {
		return NewDamagedError(key, err)
	}
	return nil
}

// DamagedError means that a stored object contradicts itself or an object that
// refers to it. Its content is never served.
type DamagedError struct {
	// Key names the object.
	Key string
	// Reason completes "object X is damaged:".
	Reason string
}

// Error implements error.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("object %q is damaged: %s", e.Key, e.Reason)
}
