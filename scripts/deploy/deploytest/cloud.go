// Package deploytest simulates the parts of Alibaba Cloud that a deployment
// calls: ROS, Function Compute and its HTTP triggers, in process.
//
// It checks every signature, evaluates the template, and keeps stacks with the
// states of real ones. It creates the bucket on the OSS endpoint, fetches the
// code from there, and runs the binaries over FC's runtime protocol. It refuses
// what it does not support in a template or an API.
package deploytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"community-images/shared/acsauth"
	"community-images/shared/cloud"
)

// account is the id of the simulated account.
const account = "1234567890123456"

// Options configure a Cloud.
type Options struct {
	Region string
	Key    cloud.Credentials // of the deployer
	Role   cloud.Credentials // that functions get
	// RoleOf returns the credentials that a function gets, by its name. nil: all get
	// Role.
	RoleOf func(function string) cloud.Credentials
	OSS    string        // URL of the OSS endpoint, which must accept both keys
	EHPC   string        // URL of the E-HPC endpoint, which must accept Role
	Env    []string      // environment variables of functions that override those of the template
	Step   time.Duration // how long each resource takes
	// OldestFirst reverses the order of listed events. ROS does not document
	// the order.
	OldestFirst bool
	// TimerInterval is the time between two events of a timer trigger, whatever its
	// schedule. 0: timers do not fire.
	TimerInterval time.Duration
	// MaxTimeout shortens the time-outs of functions. 0: they are those of the
	// template.
	MaxTimeout time.Duration
	// Falsify changes what the platform does, for tests of claims about it.
	Falsify Falsify
}

// Falsify are functions that change what the platform does. nil: it does what the
// vendor documents.
type Falsify struct {
	Gateway    func(http.Handler) http.Handler // in front of an HTTP trigger, behind its authentication
	TimerEvent func(event []byte) []byte       // what arrives instead of an event of the timer
	NoRetry    bool                            // asynchronous events are tried once
}

// Cloud serves the APIs. It is safe for concurrent use.
type Cloud struct {
	Options
	ROS, FC string // URLs

	t       testing.TB
	mu      sync.Mutex
	calls   []string // actions since Calls was called
	nonces  map[string]bool
	hooks   hooks
	stacks  []*stack
	funcs   map[string]*function // by name
	lastID  int
	working sync.WaitGroup // stacks in progress
}

// hooks are functions of the test. nil: none.
type hooks struct {
	refuse   func(action string) *Refusal
	breakage func(action, resource string) (reason string)
}

// Refusal is an error response of an API.
type Refusal struct {
	Status        int
	Code, Message string
}

// Start serves until the test ends.
func Start(t testing.TB, o Options) *Cloud {
	t.Helper()
	c := &Cloud{Options: o, t: t, nonces: map[string]bool{}, funcs: map[string]*function{}}
	serve := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	c.ROS, c.FC = serve(c.serveROS), serve(c.serveFC)
	t.Cleanup(c.stop)
	return c
}

func (c *Cloud) stop() {
	c.SetBreakage(nil)
	c.working.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.funcs {
		f.close()
	}
}

// SetRefuse sets a function that is called with the action of each call. It
// returns the error to respond, or nil.
func (c *Cloud) SetRefuse(refuse func(action string) *Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks.refuse = refuse
}

// SetBreakage sets a function that is called before each step of a resource,
// for example with ("CREATE", "Bucket"). If it returns a reason, the step
// fails. It may block.
func (c *Cloud) SetBreakage(breakage func(action, resource string) (reason string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks.breakage = breakage
}

// Calls returns the actions that were called since the last time, without
// repetitions in a row.
func (c *Cloud) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := slices.Compact(c.calls)
	c.calls = nil
	return calls
}

// StackNames returns the names of the stacks that are not deleted.
func (c *Cloud) StackNames() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, s := range c.stacks {
		if s.status != "DELETE_COMPLETE" {
			names = append(names, s.name)
		}
	}
	return names
}

// readCall reads a call and checks its signature. It responds itself, and
// returns false, if the call is refused.
func (c *Cloud) readCall(
	w http.ResponseWriter, r *http.Request, version string,
) (action string, body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		err = c.verify(r, body)
	}
	var refused *acsauth.Error
	action = r.Header.Get("X-Acs-Action")
	switch {
	case errors.As(err, &refused):
		respondError(w, refused.Status, refused.Code, refused.Message)
		return action, nil, false
	case err != nil:
		respondError(w, http.StatusBadRequest, "InvalidBody", err.Error())
		return action, nil, false
	case r.Header.Get("X-Acs-Version") != version:
		respondError(w, http.StatusBadRequest, "InvalidVersion", "Specified parameter Version is not valid.")
		return action, nil, false
	}
	c.mu.Lock()
	c.calls = append(c.calls, action)
	refuse := c.hooks.refuse
	c.mu.Unlock()
	if refuse != nil {
		if refusal := refuse(action); refusal != nil {
			respondError(w, refusal.Status, refusal.Code, refusal.Message)
			return action, nil, false
		}
	}
	return action, body, true
}

// verify checks the signature, the security token and the nonce.
func (c *Cloud) verify(r *http.Request, body []byte) error {
	signature, err := acsauth.Verify(r, body, func(id string) (string, bool) {
		return c.Key.AccessKeySecret, id == c.Key.AccessKeyID
	}, time.Now())
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case signature.SecurityToken != c.Key.SecurityToken:
		return &acsauth.Error{
			Status: http.StatusBadRequest, Code: "InvalidSecurityToken.Malformed",
			Message: "Specified SecurityToken is malformed.",
		}
	case c.nonces[signature.Nonce]:
		return acsauth.NonceUsed()
	}
	c.nonces[signature.Nonce] = true
	return nil
}

// newID returns an id that no other thing of the cloud has.
func (c *Cloud) newID(kind string) string {
	c.lastID++
	return fmt.Sprintf("%s-%04d", kind, c.lastID)
}

func respond(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // fails if the client has gone away
}

func respondError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	respond(w, map[string]string{
		"RequestId": "0F1E2D3C-0000-4000-8000-000000000001", "HostId": "test", "Code": code, "Message": message,
	})
}
