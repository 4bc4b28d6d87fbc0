package fctest

import (
	"errors"
	"os/exec"
	"time"
)

// ErrNoCPUQuota says that this machine does not let us limit the CPU of a
// process, so Options.CPU cannot be honoured.
var ErrNoCPUQuota = errors.New("no CPU quota can be set on this machine")

// quotaPeriod is how often a process gets its CPU time anew. The kernel's
// default is 100 ms, of which half a vCPU may run for 50 ms at full speed and
// then stands still for 50 ms: most lookups would run unthrottled, and a few
// would take 50 ms longer. With 10 ms the pauses last at most 5 ms, so that a
// cold start or a batch of lookups is slowed down evenly.
const quotaPeriod = 10 * time.Millisecond

// minQuota is the smallest CPU time for a period that the kernel accepts.
const minQuota = time.Millisecond

// cpuQuota returns the CPU time that a process with this many vCPU gets in each
// period. The period is longer than quotaPeriod if the quota would be too small.
func cpuQuota(cpu float64) (quota, period time.Duration) {
	period = quotaPeriod
	quota = time.Duration(cpu * float64(period))
	if quota < minQuota {
		quota, period = minQuota, time.Duration(float64(minQuota)/cpu)
	}
	return quota.Round(time.Microsecond), period.Round(time.Microsecond)
}

// startWithin starts a command in a CPU group; without one if group is nil.
func startWithin(group *cpuGroup, cmd *exec.Cmd) error {
	if group == nil {
		return cmd.Start()
	}
	return group.start(cmd)
}
