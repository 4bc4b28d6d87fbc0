// Package deploytest is the part of Alibaba Cloud that a deployment speaks to:
// ROS, Function Compute and its HTTP triggers, in process.
//
// It checks every signature, reads the template it is given, keeps stacks that
// go through the states of real ones, and really runs the functions: a bucket
// is made on the OSS endpoint, code is fetched from there, and an invocation
// starts the binary in the zip over FC's runtime protocol. What it does not
// know of a template or of an API it refuses.
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

// Options set up a Cloud.
type Options struct {
	Region string
	Key    cloud.Credentials // of who deploys
	Role   cloud.Credentials // that functions get
	OSS    string            // URL of the OSS endpoint; both keys are good there
	EHPC   string            // URL of the E-HPC endpoint; Role is good there
	Env    []string          // of functions, in place of what a template says
	Step   time.Duration     // that each resource takes
	// OldestFirst is the order in which events are listed; ROS documents none.
	OldestFirst bool
}

// Cloud serves the APIs. It is safe for concurrent use.
type Cloud struct {
	Options
	ROS, FC string // URLs

	t       testing.TB
	mu      sync.Mutex
	calls   []string
	nonces  map[string]bool
	refuse  func(action string) *Refusal
	broken  func(action, resource string) (reason string)
	stacks  []*stack
	funcs   map[string]*function // by name
	serial  int
	working sync.WaitGroup // stacks in progress
}

// Refusal is an answer in place of the right one.
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
	c.SetBroken(nil)
	c.working.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.funcs {
		f.close()
	}
}

// SetRefuse sets what is asked about each call, by its action; nil is no
// refusal.
func (c *Cloud) SetRefuse(hook func(action string) *Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = hook
}

// SetBroken sets what is asked before each step of a resource, such as
// ("CREATE", "Bucket"); a reason makes it fail. It may block.
func (c *Cloud) SetBroken(hook func(action, resource string) (reason string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = hook
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

// admit reads a call, checks its signature and answers if it may not be made.
func (c *Cloud) admit(w http.ResponseWriter, r *http.Request, version string) (action string, body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		err = c.verify(r, body)
	}
	var refused *acsauth.Error
	action = r.Header.Get("X-Acs-Action")
	switch {
	case errors.As(err, &refused):
		answerError(w, refused.Status, refused.Code, refused.Message)
	case err != nil:
		answerError(w, http.StatusBadRequest, "InvalidBody", err.Error())
	case r.Header.Get("X-Acs-Version") != version:
		answerError(w, http.StatusBadRequest, "InvalidVersion", "Specified parameter Version is not valid.")
	default:
		ok = true
	}
	if !ok {
		return action, nil, false
	}
	c.mu.Lock()
	c.calls = append(c.calls, action)
	hook := c.refuse
	c.mu.Unlock()
	if hook != nil {
		if refusal := hook(action); refusal != nil {
			answerError(w, refusal.Status, refusal.Code, refusal.Message)
			return action, nil, false
		}
	}
	return action, body, true
}

// verify checks signature, token and nonce.
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
		return &acsauth.Error{Status: http.StatusBadRequest, Code: "InvalidSecurityToken.Malformed", Message: "Specified SecurityToken is malformed."}
	case c.nonces[signature.Nonce]:
		return acsauth.NonceUsed()
	}
	c.nonces[signature.Nonce] = true
	return nil
}

func (c *Cloud) id(kind string) string {
	c.serial++
	return fmt.Sprintf("%s-%04d", kind, c.serial)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that has gone away
}

func answerError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer(w, map[string]string{"RequestId": "0F1E2D3C-0000-4000-8000-000000000001", "HostId": "test", "Code": code, "Message": message})
}
