package fctest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// Call is one invocation. Only Event is usually set.
type Call struct {
	Event      []byte
	RetryCount int
	RequestID  string    // default: a new one
	Deadline   time.Time // as told to the function; default: the time-out from now
}

// Response is the outcome of an invocation.
type Response struct {
	RequestID string
	Payload   []byte         // what the function answered
	Error     *FunctionError // what it answered, or FC on its behalf, instead
	Duration  time.Duration  // from handing the event over
}

// FunctionError is an invocation that ended without an answer.
type FunctionError struct {
	Message string          `json:"errorMessage"`
	Type    string          `json:"errorType"`
	Stack   json.RawMessage `json:"stackTrace,omitempty"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// The types of errors that come from the platform, not from the function.
const (
	TimedOut      = "FunctionTimeout"
	ProcessExited = "ProcessExited"
	TooLarge      = "ResponseTooLarge"
)

// Invoke hands an event over and waits for its outcome; see Do.
func (f *Function) Invoke(ctx context.Context, event []byte) (Response, error) {
	return f.Do(ctx, Call{Event: event})
}

// Do runs one invocation. A failure of the function is in Response.Error; the
// error says that there was no invocation, or that ctx ended first. In the
// latter case it goes on and keeps its place until it ends or times out.
func (f *Function) Do(ctx context.Context, c Call) (Response, error) {
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return Response{}, ctx.Err()
	}
	running, err := f.running(ctx)
	if err != nil {
		<-f.slots
		return Response{}, err
	}
	inv := f.invocation(c)
	go func() {
		running.run(inv)
		<-f.slots
		close(inv.ended)
	}()
	select {
	case <-inv.ended:
		return inv.response, nil
	case <-ctx.Done():
		return Response{RequestID: inv.call.RequestID}, ctx.Err()
	}
}

// invocation is a call on its way through an instance.
type invocation struct {
	call     Call
	options  Options // as they were when it began
	answered chan Response
	ended    chan struct{}
	response Response // set before ended is closed
}

func (f *Function) invocation(c Call) *invocation {
	if c.RequestID == "" {
		c.RequestID = NewRequestID()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.Deadline.IsZero() {
		c.Deadline = time.Now().Add(f.options.Timeout)
	}
	return &invocation{call: c, options: f.options, answered: make(chan Response, 1), ended: make(chan struct{})}
}

// run hands the invocation to the process and waits until it is answered, the
// process is gone or the time is up, in which case the process is killed.
func (i *instance) run(inv *invocation) {
	began := time.Now()
	inv.response = i.outcome(inv)
	inv.response.RequestID = inv.call.RequestID
	inv.response.Duration = time.Since(began)
}

func (i *instance) outcome(inv *invocation) Response {
	timer := time.NewTimer(inv.options.Timeout)
	defer timer.Stop()
	i.track(inv)
	defer i.forget(inv)
	failed := func(kind, text string) Response {
		return Response{Error: &FunctionError{Type: kind, Message: text}}
	}
	queue := i.queue
	for {
		select {
		case queue <- inv:
			queue = nil
		case r := <-inv.answered:
			return r
		case <-i.gone:
			select {
			case r := <-inv.answered: // its last deed
				return r
			default:
				return failed(ProcessExited, fmt.Sprintf("the process ended before it answered: %s", i.exit()))
			}
		case <-timer.C:
			i.kill()
			return failed(TimedOut, fmt.Sprintf("the function did not answer within %s", inv.options.Timeout))
		}
	}
}

// NewRequestID makes an id in FC's form.
func NewRequestID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("1-%08x-%08x-%012x", time.Now().Unix(), b[:4], b[4:])
}
