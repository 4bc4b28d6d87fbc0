// Package fault says what is wrong with a parameter of a request, and what the caller may
// have meant: also which clusters are missing. It has the codes of all errors.
package fault
