// Package source says what lookups need of an archive, and which of its errors mean that
// the store did not answer.
package source
