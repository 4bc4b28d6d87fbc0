// Package state knows the state of each region, now or as of a moment, and resolves what
// a request is about: its region, its scopes, and how fresh they are.
//
// States is what a caller may see. FullStates sees everything. GrantStates cuts the states
// that a grant covers out of other States, so that nothing above has to ask who the caller
// is. Commits are not cut: whoever reads one must pass it through eventsOf of package
// history, which asks Covers. What is about all clusters, such as the last run, is nil for
// a limited caller.
//
// It promises that an unknown cluster or scope is an error and never an empty list, and
// that the last state that was read is used if the store does not answer.
package state
