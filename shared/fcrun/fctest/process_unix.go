//go:build unix && !linux

package fctest

import "syscall"

// processAttributes keep Ctrl-C, which a terminal sends to a whole process
// group, from the function.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
