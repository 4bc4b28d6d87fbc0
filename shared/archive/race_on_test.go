//go:build race

package archive_test

// raceEnabled shortens what the race detector slows down tenfold.
const raceEnabled = true
