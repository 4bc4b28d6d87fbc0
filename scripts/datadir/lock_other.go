//go:build !unix

package datadir

import "os"

// lockFile does nothing where there is no flock.
func lockFile(*os.File) error { return nil }
