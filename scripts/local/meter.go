package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"community-images/shared/ehpc/ehpctest"
)

// meter shows how far a snapshot is: by the questions that reached the
// embedded E-HPC, for the function itself tells nothing before its end.
type meter struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	seen  map[ehpctest.Question]bool // nil: no snapshot is running
	total int
	bar   *progressbar.ProgressBar
	stop  chan struct{}
}

func newMeter(out io.Writer) *meter {
	file, ok := out.(*os.File)
	return &meter{out: out, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// begin starts a snapshot of so many questions; 0 if that is not known.
func (m *meter) begin(total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen, m.total, m.stop = map[ehpctest.Question]bool{}, total, make(chan struct{})
	switch {
	case m.terminal:
		size := total
		if size == 0 {
			size = -1 // a spinner
		}
		m.bar = progressbar.NewOptions(size,
			progressbar.OptionSetWriter(m.out), progressbar.OptionSetDescription("asking E-HPC"),
			progressbar.OptionSetWidth(30), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	case total == 0:
		go m.remind(m.stop, time.Now())
	}
}

// remind prints a line now and then, where nothing can be counted.
func (m *meter) remind(stop <-chan struct{}, began time.Time) {
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			m.mu.Lock()
			fmt.Fprintf(m.out, "  asking E-HPC: %s so far\n", time.Since(began).Round(time.Second))
			m.mu.Unlock()
		}
	}
}

// asked counts a question once, however often it is repeated.
func (m *meter) asked(c ehpctest.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil || c.Action != "ListCommunityImages" || m.seen[c.Question] {
		return
	}
	m.seen[c.Question] = true
	n := len(m.seen)
	if m.bar != nil {
		_ = m.bar.Set(min(n, m.total)) // a terminal that is gone
		return
	}
	if quarter := max(1, m.total/4); n%quarter == 0 || n == m.total {
		fmt.Fprintf(m.out, "  asking E-HPC: %d of %d questions\n", n, max(n, m.total))
	}
}

func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil {
		_ = m.bar.Finish() // a terminal that is gone
		m.bar = nil
	}
	m.seen = nil
	close(m.stop)
}
