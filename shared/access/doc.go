// Package access says who may ask for what: grants, the bearer tokens and the
// access keys that carry them, and the text of the settings that lists both.
//
// It promises that a grant with a list covers exactly what the list names,
// that a token is kept as a hash alone and looked up in constant time, and
// that no error, no print and no encoding shows a secret.
package access
