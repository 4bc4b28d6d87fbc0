package fctest

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestFindCPUCgroup(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, controllers := range map[string]string{"with": "cpuset cpu io\n", "without": "memory\n"} {
		writeFile(t, filepath.Join(root, name, "cgroup.controllers"), controllers)
	}
	for _, row := range []struct {
		about, memberships, dir string
		v2, ok                  bool
	}{
		{"version 1", "2:cpuset:/a\n1:cpu,cpuacct:/b/c\n", "cpu/b/c", false, true},
		{"both versions, the controller in version 1", "1:cpu:/\n0::/with\n", "cpu", false, true},
		{"version 2", "0::/with\n", "with", true, true},
		{"version 2 without the controller", "0::/without\n", "without", true, false},
		{"a group that cannot be seen", "0::/elsewhere\n", "elsewhere", true, false},
	} {
		dir, v2, ok := findCPUCgroup(root, row.memberships)
		if dir != filepath.Join(root, row.dir) || v2 != row.v2 || ok != row.ok {
			t.Errorf("%s: %s, version 2 %v, %v", row.about, dir, v2, ok)
		}
	}
	if _, _, ok := findCPUCgroup(root, ""); ok {
		t.Error("a cgroup is found where there is none")
	}
}

// TestControlFiles checks what is written, in a directory that is no cgroup.
func TestControlFiles(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		group cpuGroup
		want  map[string]string
	}{
		{cpuGroup{}, map[string]string{"cpu.cfs_period_us": "10000", "cpu.cfs_quota_us": "5000"}},
		{cpuGroup{v2: true}, map[string]string{"cpu.max": "5000 10000"}},
	} {
		g := row.group
		g.dir = t.TempDir()
		if err := g.setQuota(0.5); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without control files: %v", err)
		}
		for name := range row.want {
			writeFile(t, filepath.Join(g.dir, name), "")
		}
		if err := g.setQuota(0.5); err != nil {
			t.Error(err)
		}
		for name, want := range row.want {
			if got, err := os.ReadFile(filepath.Join(g.dir, name)); err != nil || string(got) != want {
				t.Errorf("%s holds %q, want %q: %v", name, got, want, err)
			}
		}
	}
}

// TestCPUQuotaHolds burns CPU under a quota and reads how much it got.
func TestCPUQuotaHolds(t *testing.T) {
	t.Parallel()
	g, err := newCPUGroup(0.1)
	if errors.Is(err, ErrNoCPUQuota) {
		t.Skip("runs where this process may make a cgroup, as root may outside of most containers: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "while :; do :; done")
	cmd.SysProcAttr = processAttributes()
	if err := g.start(cmd); err != nil {
		g.remove()
		t.Fatal(err)
	}
	began := time.Now()
	time.Sleep(time.Second)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	share := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() / time.Since(began).Seconds()
	if share > 0.15 {
		t.Errorf("the process got %.2f of a core, want at most 0.1 and what it began before", share)
	}
	g.remove()
	if _, err := os.Stat(g.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cgroup is left behind: %v", err)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
