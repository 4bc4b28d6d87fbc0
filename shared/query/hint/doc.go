// Package hint finds out why an answer has few images or none, and says it in sentences
// for people.
//
// It looks only at what the caller may see. Only for an answer with too few images does
// it read anything, and a failure of that makes the hints say less.
package hint
