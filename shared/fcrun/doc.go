// Package fcrun runs our code inside Function Compute (FC 3.0, runtime go1). It
// is the only package, besides the functions themselves, that sees FC's types.
//
// It promises that an HTTP function always answers with the full response
// shape, never with a function error, whatever the event, and that neither an
// error nor a panic carries a secret out. Every handler gets a context with the
// invocation's request id, deadline and credentials.
package fcrun
