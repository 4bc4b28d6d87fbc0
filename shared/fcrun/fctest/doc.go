// Package fctest runs a function's real binary as Function Compute does: it
// serves the runtime API that the FC SDK speaks, starts the process with FC's
// environment, hands it events and enforces the time-out. HTTPHandler puts FC's
// HTTP trigger in front.
//
// It is for tests, benchmarks and the local run. It keeps to what FC documents
// and knows nothing of the functions it runs.
package fctest
