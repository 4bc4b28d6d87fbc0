// Package catalog is the vocabulary of the project: community images, the
// scopes they were asked for, snapshots of answers and the difference between
// two of them.
//
// It promises that the same content always has the same canonical bytes and
// the same digest, that a field it does not know survives, and that it imports
// nothing beyond the standard library.
package catalog
