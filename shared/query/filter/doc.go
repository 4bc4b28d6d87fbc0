// Package filter makes conditions on images out of a field, an operator and its operand.
// A new operator is an entry of the table in operators.go. Its synonyms are in
// request/synonyms.go.
//
// It promises that no expression is accepted that would take long to match.
package filter
