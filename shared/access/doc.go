// Package access says who may ask for what: grants, the bearer tokens and access
// keys that carry them, and the settings that list both.
//
// It promises that a list in a grant covers exactly what it names, that only the
// hash of a token is kept and looked up in constant time, and that no error,
// print or encoding shows a secret.
package access
