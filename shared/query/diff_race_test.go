//go:build race

package query_test

// slow divides the default amount of generated work.
const slow = 8
