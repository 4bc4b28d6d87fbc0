package fctest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// instance is one process with the runtime API it was started with.
type instance struct {
	cmd    *exec.Cmd
	server *http.Server
	output *lines
	queue  chan *invocation // taken by a waiting next
	ready  chan struct{}    // closed at the first next
	gone   chan struct{}    // closed when the process has ended
	first  sync.Once

	mu       sync.Mutex
	inFlight map[string]*invocation
}

func startInstance(binary string, o Options, group *cpuGroup) (*instance, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &instance{
		cmd:      exec.Command(binary),
		output:   &lines{emit: o.Output},
		queue:    make(chan *invocation),
		ready:    make(chan struct{}),
		gone:     make(chan struct{}),
		inFlight: map[string]*invocation{},
	}
	i.cmd.Env = environment(o, listener.Addr().String())
	i.cmd.Stdout, i.cmd.Stderr = i.output, i.output
	i.cmd.SysProcAttr = processAttributes()
	i.cmd.WaitDelay = 10 * time.Second // for output that a grandchild holds open
	i.server = &http.Server{Handler: i.routes()}
	if err := startWithin(group, i.cmd); err != nil {
		listener.Close()
		return nil, err
	}
	go i.server.Serve(listener)
	go func() {
		_ = i.cmd.Wait() // told by ProcessState
		i.output.flush()
		close(i.gone)
		i.server.Close()
	}()
	return i, nil
}

// environment is what FC sets for a function, then the function's own.
func environment(o Options, api string) []string {
	env := []string{
		"FC_RUNTIME_API=" + api,
		"FC_REGION=" + o.Region,
		"FC_ACCOUNT_ID=" + o.AccountID,
		"FC_FUNCTION_NAME=" + o.Name,
		"FC_FUNCTION_HANDLER=" + o.Name,
		fmt.Sprintf("FC_FUNCTION_MEMORY_SIZE=%d", o.Memory),
		"FC_INSTANCE_ID=c-" + NewRequestID()[2:],
		"FC_FUNC_CODE_PATH=/code",
	}
	if c := o.Credentials; c.AccessKeyID != "" {
		env = append(env,
			"ALIBABA_CLOUD_ACCESS_KEY_ID="+c.AccessKeyID,
			"ALIBABA_CLOUD_ACCESS_KEY_SECRET="+c.AccessKeySecret,
			"ALIBABA_CLOUD_SECURITY_TOKEN="+c.SecurityToken)
	}
	return append(env, o.Env...)
}

func (i *instance) alive() bool {
	select {
	case <-i.gone:
		return false
	default:
		return true
	}
}

// kill ends the process and waits for its end.
func (i *instance) kill() {
	_ = i.cmd.Process.Kill() // an error means that it has ended
	<-i.gone
}

// exit says how the process ended. It may be called once gone is closed.
func (i *instance) exit() error {
	if i.cmd.ProcessState == nil {
		return errors.New("unknown")
	}
	return errors.New(i.cmd.ProcessState.String())
}

func (i *instance) track(inv *invocation) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.inFlight[inv.call.RequestID] = inv
}

func (i *instance) forget(inv *invocation) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.inFlight, inv.call.RequestID)
}

// take removes an invocation, so that it is answered once.
func (i *instance) take(id string) *invocation {
	i.mu.Lock()
	defer i.mu.Unlock()
	inv := i.inFlight[id]
	delete(i.inFlight, id)
	return inv
}

// lines cuts output into lines and keeps the last of them.
type lines struct {
	emit func(string)

	mu   sync.Mutex
	rest []byte
	last []string
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			l.rest = append([]byte(nil), l.rest...) // lets go of what was emitted
			return len(p), nil
		}
		l.add(string(line))
		l.rest = rest
	}
}

const kept = 20

func (l *lines) add(line string) {
	if l.last = append(l.last, line); len(l.last) > kept {
		l.last = l.last[1:]
	}
	l.emit(line)
}

func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.add(string(l.rest))
		l.rest = nil
	}
}

func (l *lines) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, "\n")
}
