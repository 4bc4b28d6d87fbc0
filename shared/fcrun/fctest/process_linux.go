package fctest

import "syscall"

// processAttributes keep Ctrl-C, which a terminal sends to a whole process
// group, from the function, and end it when we end without a chance to.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
