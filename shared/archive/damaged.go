package archive

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// FormatError means that another version of this program has written an object, in
// another format. Everything beside the object is of that format too. The error is also
// a *DamagedError, for callers that need not tell the two apart.
type FormatError struct {
	// Key names the object.
	Key string
	// Format is the object's format.
	Format int
}

// Error implements error. It says what to do.
func (e *FormatError) Error() string { return fmt.Sprintf("object %q %s", e.Key, e.reason()) }

// Unwrap returns a *DamagedError.
func (e *FormatError) Unwrap() error { return &DamagedError{Key: e.Key, Reason: "it " + e.reason()} }

// reason completes "object X".
func (e *FormatError) reason() string {
	return fmt.Sprintf("%s. Nothing converts it: remove all objects below %q, or choose another OSS_PREFIX; "+
		"the next run begins a new history", otherFormat(e.Format), e.root())
}

// root returns the common prefix of all keys of the region.
func (e *FormatError) root() string {
	root, name := path.Split(e.Key)
	if isMonth(strings.TrimSuffix(name, ".ndjson")) {
		root = strings.TrimSuffix(root, "log/")
	}
	return root
}

// otherFormat is what decoders return for an object of another format, which is the
// value. They return it only if the object has the digest that it states: nobody must
// remove an archive because of a flipped bit.
type otherFormat int

// Error implements error.
func (f otherFormat) Error() string {
	return fmt.Sprintf("has format %d, and this program reads format %d", int(f), Format)
}

// newDamagedError returns the error for the object key, which a decoder has refused with
// err: *FormatError or *DamagedError.
func newDamagedError(key string, err error) error {
	var other otherFormat
	if errors.As(err, &other) {
		return &FormatError{Key: key, Format: int(other)}
	}
	return &DamagedError{Key: key, Reason: err.Error()}
}

// checkFormat returns *FormatError if a decoder has refused the object key, with err,
// because of its format.
func checkFormat(key string, err error) error {
	var other otherFormat
	if errors.As(err, &other) {
		return newDamagedError(key, err)
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
