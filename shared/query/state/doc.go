// Package state knows the state of each region, now or as of a moment, and resolves what
// a request is about: its region, its scopes, and how fresh they are.
//
// States is what a caller may see. FullStates sees everything. GrantStates cuts what a
// grant covers out of other States, and is the only place where the clusters of a grant
// limit what is read. So nothing above has to ask who the caller is.
//
// It promises that an unknown cluster or scope is an error and never an empty list, and
// that the last state that was read is used if the store does not answer.
package state
