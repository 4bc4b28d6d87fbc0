//go:build unix

package main

import (
	"os"
	"syscall"
)

// lockFile fails if another process holds the lock. It ends with the file.
func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
