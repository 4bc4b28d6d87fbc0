//go:build !linux

package fctest

import (
	"fmt"
	"os/exec"
)

// cpuGroup limits CPU time on Linux only.
type cpuGroup struct{}

func newCPUGroup(float64) (*cpuGroup, error) {
	return nil, fmt.Errorf("%w: it needs cgroups, which only Linux has", ErrNoCPUQuota)
}

func (*cpuGroup) start(cmd *exec.Cmd) error { return cmd.Start() }

func (*cpuGroup) remove() {}
