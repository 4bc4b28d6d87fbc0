//go:build !race

package querytest

// WorkDivisor divides the amount of generated work of a test. It is greater
// with the race detector, which makes everything slower.
const WorkDivisor = 1
