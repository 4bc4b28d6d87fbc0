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

// progress shows how far a snapshot has got. It counts the questions that reach
// the embedded E-HPC, because the function reports nothing before its end.
type progress struct {
	out io.Writer
	// terminal says whether out is one. Only a terminal gets a bar.
	terminal bool

	// mu guards what follows, and keeps lines on out whole.
	mu sync.Mutex
	// seen has the questions of the running snapshot. It is nil between two.
	seen map[ehpctest.Question]bool
	// total is the number of questions; 0 if it is not known.
	total int
	// bar is nil if out is not a terminal, and between two snapshots.
	bar *progressbar.ProgressBar
	// done is closed by stop.
	done chan struct{}
}

// newProgress returns a progress that draws a bar if out is a terminal, and
// prints lines otherwise.
func newProgress(out io.Writer) *progress {
	file, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// start shows the progress of a snapshot of total questions; total is 0 if their
// number is not known.
func (p *progress) start(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.total, p.done = map[ehpctest.Question]bool{}, total, make(chan struct{})
	// Without a terminal, lines come from addCall if the total is known.
	switch {
	case p.terminal:
		size := total
		if size == 0 {
			size = -1 // a spinner
		}
		p.bar = progressbar.NewOptions(size,
			progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription("asking E-HPC"),
			progressbar.OptionSetWidth(30), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	case total == 0:
		go p.printElapsed(p.done, time.Now())
	}
}

// printElapsed prints the elapsed time every ten seconds until done is closed. It
// serves backends whose questions cannot be counted.
func (p *progress) printElapsed(done <-chan struct{}, began time.Time) {
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			p.mu.Lock()
			fmt.Fprintf(p.out, "  asking E-HPC: %s so far\n", time.Since(began).Round(time.Second))
			p.mu.Unlock()
		}
	}
}

// addCall counts a question once, however often it is asked again.
func (p *progress) addCall(c ehpctest.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || c.Action != "ListCommunityImages" || p.seen[c.Question] {
		return
	}
	p.seen[c.Question] = true
	n := len(p.seen)
	if p.bar != nil {
		_ = p.bar.Set(min(n, p.total)) // a terminal that is gone
		return
	}
	// A file or a pipe gets four lines, not one for each question.
	if quarter := max(1, p.total/4); n%quarter == 0 || n == p.total {
		fmt.Fprintf(p.out, "  asking E-HPC: %d of %d questions\n", n, max(n, p.total))
	}
}

// stop ends what start began. Questions that come later are not counted.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish() // a terminal that is gone
		p.bar = nil
	}
	p.seen = nil
	close(p.done)
}
