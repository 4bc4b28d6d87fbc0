package fctest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// cgroupRoot is where both versions of the cgroup file system are mounted.
	cgroupRoot = "/sys/fs/cgroup"
	// cgroupMemberships lists the cgroups of this process, one line a hierarchy:
	// "1:cpu,cpuacct:/path" in version 1, "0::/path" in version 2.
	cgroupMemberships = "/proc/self/cgroup"
)

// cpuGroup is a cgroup whose processes share a CPU quota.
type cpuGroup struct {
	dir    string
	parent string // the directory of our own cgroup
	v2     bool   // it is a cgroup of version 2
}

// groupCount numbers the groups of this process.
var groupCount atomic.Int64

// newCPUGroup makes a cgroup with a quota of cpu vCPU below our own cgroup. The
// error is ErrNoCPUQuota if the machine does not allow it.
func newCPUGroup(cpu float64) (*cpuGroup, error) {
	memberships, err := os.ReadFile(cgroupMemberships)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCPUQuota, err)
	}
	parent, v2, ok := findCPUCgroup(cgroupRoot, string(memberships))
	if !ok {
		return nil, fmt.Errorf("%w: no cgroup hierarchy with the cpu controller below %s", ErrNoCPUQuota, cgroupRoot)
	}
	g := &cpuGroup{
		dir:    filepath.Join(parent, fmt.Sprintf("fctest-%d-%d", os.Getpid(), groupCount.Add(1))),
		parent: parent, v2: v2,
	}
	if err := g.make(cpu); err != nil {
		g.remove()
		return nil, fmt.Errorf("%w: %w", ErrNoCPUQuota, err)
	}
	return g, nil
}

// findCPUCgroup finds the directory of our cgroup in the hierarchy that limits
// CPU time. memberships is the content of /proc/self/cgroup.
func findCPUCgroup(root, memberships string) (dir string, v2, ok bool) {
	for line := range strings.Lines(memberships) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		if slices.Contains(strings.Split(fields[1], ","), "cpu") {
			return filepath.Join(root, "cpu", fields[2]), false, true
		}
		if fields[1] == "" {
			dir = filepath.Join(root, fields[2])
		}
	}
	controllers, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	ok = dir != "" && err == nil && slices.Contains(strings.Fields(string(controllers)), "cpu")
	return dir, true, ok
}

// make creates the cgroup and sets its quota.
func (g *cpuGroup) make(cpu float64) error {
	if g.v2 {
		// The kernel refuses this where the parent holds processes itself, unless it is the root.
		if err := writeControl(g.parent, "cgroup.subtree_control", "+cpu"); err != nil {
			return err
		}
	}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return err
	}
	return g.setQuota(cpu)
}

// setQuota limits the group's processes to cpu vCPU together.
func (g *cpuGroup) setQuota(cpu float64) error {
	quota, period := cpuQuota(cpu)
	if g.v2 {
		return writeControl(g.dir, "cpu.max", fmt.Sprintf("%d %d", quota.Microseconds(), period.Microseconds()))
	}
	if err := writeControl(g.dir, "cpu.cfs_period_us", strconv.FormatInt(period.Microseconds(), 10)); err != nil {
		return err
	}
	return writeControl(g.dir, "cpu.cfs_quota_us", strconv.FormatInt(quota.Microseconds(), 10))
}

// writeControl writes a value to a control file of a cgroup. It does not create
// the file.
func writeControl(dir, name, value string) error {
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}

// start starts the command in the group, so that the quota holds from its first
// instruction on.
func (g *cpuGroup) start(cmd *exec.Cmd) error {
	if g.v2 {
		dir, err := os.Open(g.dir)
		if err != nil {
			return err
		}
		defer dir.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
		return cmd.Start()
	}
	// Version 1: a process begins in the cgroup of the thread that starts it. "0"
	// stands for the thread that writes.
	runtime.LockOSThread()
	if err := writeControl(g.dir, "tasks", "0"); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("%w: %w", ErrNoCPUQuota, err)
	}
	err := cmd.Start()
	if back := writeControl(g.parent, "tasks", "0"); back != nil {
		return errors.Join(err, back) // the thread stays locked: no other goroutine may run under the quota
	}
	runtime.UnlockOSThread()
	return err
}

// remove removes the group. Its processes must have ended; the kernel may take a
// moment to notice.
func (g *cpuGroup) remove() {
	for range 100 {
		if err := os.Remove(g.dir); !errors.Is(err, syscall.EBUSY) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
