// Package fault says what is wrong with a parameter of a request, and what the caller may
// have meant. It has the codes of all errors.
package fault
