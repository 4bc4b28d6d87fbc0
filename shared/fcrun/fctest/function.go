package fctest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"community-images/shared/cloud"
)

// Options say how a function is set up. The zero Options are usable.
type Options struct {
	Name      string        // of the function; default: the base name of the binary
	Region    string        // default cn-hangzhou
	AccountID string        // default 1234567890123456
	Memory    int           // MB, default 512; told to the function, not enforced
	Timeout   time.Duration // in whole seconds, as in FC; default 60s

	// Credentials are sent with every invocation and stand in the environment,
	// as those of a function role. None if empty.
	Credentials cloud.Credentials

	// Env is added to FC's own variables; nothing else reaches the process.
	Env []string

	// CPU is how many vCPU the process may use, as in FC: 0.5 is half the time of
	// one core. Start returns ErrNoCPUQuota if this machine cannot limit it. The
	// default 0 sets no limit.
	CPU float64

	// Concurrency is how many invocations may be in flight in the one instance.
	// The default 1 is what FC does with runtime go1.
	Concurrency int

	// Output gets each line that the process prints, one at a time.
	Output func(line string)
}

func (o Options) withDefaults(binary string) Options {
	if o.Name == "" {
		o.Name = filepath.Base(binary)
	}
	if o.Region == "" {
		o.Region = "cn-hangzhou"
	}
	if o.AccountID == "" {
		o.AccountID = "1234567890123456"
	}
	if o.Memory == 0 {
		o.Memory = 512
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Concurrency == 0 {
		o.Concurrency = 1
	}
	if o.Output == nil {
		o.Output = func(string) {}
	}
	return o
}

// Function is a function with at most one instance. It is safe for concurrent
// use; invocations beyond Options.Concurrency wait.
type Function struct {
	binary string
	slots  chan struct{}
	group  *cpuGroup // nil: no CPU quota

	mu       sync.Mutex
	options  Options
	instance *instance // nil: none yet
	stopped  bool
}

// Start starts the binary and waits until it asks for its first invocation.
// The error of one that ends before that holds its last output. The function
// stops when ctx ends or Stop is called.
func Start(ctx context.Context, binary string, o Options) (*Function, error) {
	o = o.withDefaults(binary)
	f := &Function{binary: binary, options: o, slots: make(chan struct{}, o.Concurrency)}
	if o.CPU > 0 {
		var err error
		if f.group, err = newCPUGroup(o.CPU); err != nil {
			return nil, err
		}
	}
	if _, err := f.running(ctx); err != nil {
		f.Stop()
		return nil, err
	}
	context.AfterFunc(ctx, f.Stop)
	return f, nil
}

// ErrStopped is returned for an invocation after Stop.
var ErrStopped = errors.New("the function has been stopped")

// running returns a live instance, starting one if need be, as FC does after a
// crash or a time-out.
func (f *Function) running(ctx context.Context) (*instance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return nil, ErrStopped
	}
	if f.instance != nil && f.instance.alive() {
		return f.instance, nil
	}
	started, err := startInstance(f.binary, f.options, f.group)
	if err != nil {
		return nil, fmt.Errorf("starting %q: %w", f.binary, err)
	}
	f.instance = started
	select {
	case <-started.ready:
		return started, nil
	case <-started.gone:
		return nil, fmt.Errorf("starting %q: it ended before it asked for an invocation: %s\n%s",
			f.binary, started.exit(), started.output.tail())
	case <-ctx.Done():
		started.kill()
		return nil, fmt.Errorf("starting %q: %w", f.binary, ctx.Err())
	}
}

// SetCredentials replaces those that are sent with later invocations. The
// environment of a running process keeps the old ones, as in FC.
func (f *Function) SetCredentials(c cloud.Credentials) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.options.Credentials = c
}

// Kill ends the process with SIGKILL and waits for its end. What is in flight
// fails; the next invocation starts a new process.
func (f *Function) Kill() {
	f.mu.Lock()
	running := f.instance
	f.mu.Unlock()
	if running != nil {
		running.kill()
	}
}

// Stop is Kill for good. It may be called more than once.
func (f *Function) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	if f.instance != nil {
		f.instance.kill()
	}
	if f.group != nil {
		f.group.remove()
		f.group = nil
	}
}

// Process returns the current or last process, nil if none was ever started.
// State is nil while it runs; it tells CPU time and memory afterwards.
func (f *Function) Process() (process *os.Process, state *os.ProcessState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.instance == nil {
		return nil, nil
	}
	if f.instance.alive() {
		return f.instance.cmd.Process, nil
	}
	return f.instance.cmd.Process, f.instance.cmd.ProcessState
}
