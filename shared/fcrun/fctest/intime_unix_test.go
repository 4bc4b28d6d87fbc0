//go:build unix

package fctest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestHeldUpAtTheEnd stops a process while something is tried in it: what it goes
// on with is the end of the try, and what watches the machine must not miss that.
func TestHeldUpAtTheEnd(t *testing.T) {
	t.Parallel()
	const rounds = 5
	if os.Getenv("HELD_UP") != "" {
		for range rounds {
			tryUntilHeldUp()
		}
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHeldUpAtTheEnd$")
	cmd.Env = append(os.Environ(), "HELD_UP=yes", "GOMAXPROCS=1") // so that both goroutines are held up
	cmd.SysProcAttr = processAttributes()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	for range rounds {
		said.Scan()
		_ = cmd.Process.Signal(syscall.SIGSTOP)
		time.Sleep(2 * heldUp)
		_ = cmd.Process.Signal(syscall.SIGCONT)
		if said.Scan(); said.Text() != "late: true" {
			t.Errorf("the process says %q", said.Text())
		}
	}
	for said.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func tryUntilHeldUp() {
	stop := watchMachine()
	time.Sleep(10 * time.Millisecond)
	last, now := time.Now(), time.Now() // from here on a stop is noticed
	fmt.Println("begun")
	for now.Sub(last) < heldUp*3/2 {
		last, now = now, time.Now()
	}
	fmt.Println("late:", stop() >= heldUp)
}
