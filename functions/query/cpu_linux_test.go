package main

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// cpuTime is the CPU time that another process has used so far. It reads the
// process's CPU clock (clock_getcpuclockid(3)), for /proc counts in hundredths
// of a second only.
func cpuTime(p *os.Process) time.Duration {
	const scheduler = 2 // CPUCLOCK_SCHED
	var ts syscall.Timespec
	clock := uintptr(uint32(^p.Pid)<<3 | scheduler)
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
}
