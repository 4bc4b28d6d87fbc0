//go:build unix

package datadir

import (
	"os"
	"syscall"
)

// lockFile returns an error if another process holds the lock. Closing the file
// releases it.
func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
