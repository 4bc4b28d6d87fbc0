// Package catalog has the types of the domain: community images, clusters, the
// scopes that images are asked for, snapshots of answers, and their difference.
//
// It promises that the same content always has the same canonical bytes and
// digest, and that unknown fields survive. Apart from shared/jsonscan it imports
// only the standard library.
package catalog
