package deploytest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"community-images/shared/fcrun/fctest"
)

// applyTrigger creates or updates a trigger. It serves an HTTP trigger, and lets a
// timer fire. FC refuses a trigger without a function.
func (r *resource) applyTrigger(s *stack, before *resource) error {
	name := r.text("FunctionName")
	if s.cloud.funcs[name] == nil {
		return fmt.Errorf("FunctionNotFound: function %q does not exist", name)
	}
	r.physical = name + "/" + r.text("TriggerName")
	r.attributes = map[string]any{
		"FunctionName": name, "TriggerName": r.text("TriggerName"), "TriggerId": s.cloud.newID("trigger"),
		"UrlInternet": "", "UrlIntranet": "",
	}
	config, err := r.triggerConfig()
	if err != nil {
		return err
	}
	isHTTP := r.text("TriggerType") == "http"
	if before != nil && (!isHTTP || before.server == nil) {
		before.close()
	}
	r.close = func() {}
	switch r.text("TriggerType") {
	case "http":
		r.serveHTTPTrigger(s, name, config, before)
	case "timer":
		r.startTimer(s, name, config)
	}
	return nil
}

// triggerConfig returns the configuration of a trigger, which may be an object or
// its JSON text.
func (r *resource) triggerConfig() (map[string]any, error) {
	config, _ := r.properties["TriggerConfig"].(map[string]any)
	if text, ok := r.properties["TriggerConfig"].(string); ok {
		if err := json.Unmarshal([]byte(text), &config); err != nil {
			return nil, fmt.Errorf("InvalidArgument: TriggerConfig: %w", err)
		}
	}
	return config, nil
}

// triggerServer is the URL of an HTTP trigger. Updates of the trigger keep it.
type triggerServer struct {
	*httptest.Server
	handler atomic.Pointer[http.Handler]
}

// serveHTTPTrigger serves an HTTP trigger until it is closed.
func (r *resource) serveHTTPTrigger(s *stack, name string, config map[string]any, before *resource) {
	gateway := s.cloud.gateway(name, config)
	if before != nil && before.server != nil {
		r.server = before.server
		r.server.handler.Store(&gateway)
	} else {
		r.server = &triggerServer{}
		r.server.handler.Store(&gateway)
		server := r.server
		server.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			(*server.handler.Load()).ServeHTTP(w, r)
		}))
		s.cloud.t.Cleanup(server.Close)
	}
	r.close = r.server.Close
	r.attributes["UrlInternet"], r.attributes["UrlIntranet"] = r.server.URL, r.server.URL
}

// gateway returns what FC puts in front of a function with an HTTP trigger of
// this configuration.
func (c *Cloud) gateway(name string, config map[string]any) http.Handler {
	function := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := c.startFunction(name)
		if err != nil {
			respondError(w, http.StatusBadGateway, "FunctionNotStarted", err.Error())
			return
		}
		f.HTTPHandler().ServeHTTP(&domainWriter{ResponseWriter: w, origin: r.Header.Get("Origin")}, r)
	}))
	if c.Falsify.Gateway != nil {
		function = c.Falsify.Gateway(function)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if config["disableURLInternet"] == true {
			respondError(w, http.StatusForbidden, "AccessDenied", "the URL is disabled")
			return
		}
		if status, message := c.checkTriggerAuth(r, config); message != "" {
			respondError(w, status, "AccessDenied", message)
			return
		}
		allowed := false
		methods, _ := config["methods"].([]any)
		for _, m := range methods {
			allowed = allowed || m == r.Method
		}
		if !allowed {
			message := fmt.Sprintf("the trigger allows %v", methods)
			respondError(w, http.StatusMethodNotAllowed, "MethodNotAllowed", message)
			return
		}
		function.ServeHTTP(w, r)
	})
}

// checkTriggerAuth checks what the trigger's authentication wants of a request. The
// message is empty if it is there.
func (c *Cloud) checkTriggerAuth(r *http.Request, config map[string]any) (status int, message string) {
	switch config["authType"] {
	case "anonymous":
		return 0, ""
	case "function":
		if err := VerifyTrigger(r, c.Key); err != nil {
			return http.StatusForbidden, err.Error()
		}
		// The signature is for the gateway. The function does not get it.
		r.Header.Del("Authorization")
		return 0, ""
	case "bearer":
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !hasToken(config["authConfig"], token) {
			return http.StatusUnauthorized, "the bearer token is missing or not valid"
		}
		return 0, ""
	case "jwt":
		if err := verifyJWT(r, config["authConfig"]); err != nil {
			return http.StatusUnauthorized, err.Error()
		}
		return 0, ""
	}
	return http.StatusInternalServerError, fmt.Sprintf("authType %v is not supported here", config["authType"])
}

// hasToken reports whether the configuration of a trigger with the authentication
// bearer has the token, enabled.
func hasToken(config any, token string) bool {
	text, _ := config.(string)
	var c struct {
		Tokens []struct {
			TokenData string `json:"tokenData"`
			Enable    bool   `json:"enable"`
		} `json:"tokens"`
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return false
	}
	for _, t := range c.Tokens {
		if t.Enable && t.TokenData == token {
			return true
		}
	}
	return false
}

// domainWriter adds what FC adds to the responses of a default domain.
type domainWriter struct {
	http.ResponseWriter
	origin string // of the request
}

// WriteHeader implements http.ResponseWriter.
func (w *domainWriter) WriteHeader(status int) {
	h := w.Header()
	h.Set("Content-Disposition", "attachment")
	if w.origin != "" && h.Get("Access-Control-Allow-Origin") == "" {
		h.Set("Access-Control-Allow-Origin", w.origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	w.ResponseWriter.WriteHeader(status)
}

// startTimer lets a timer trigger fire until it is closed. An event for which the
// function fails is tried again, as the function's configuration says.
func (r *resource) startTimer(s *stack, name string, config map[string]any) {
	if s.cloud.TimerInterval == 0 || config["enable"] != true {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var firing sync.WaitGroup
	firing.Go(func() {
		ticker := time.NewTicker(s.cloud.TimerInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case at := <-ticker.C:
				s.cloud.fire(ctx, s, name, timerEvent(at, r.text("TriggerName"), config["payload"]))
			}
		}
	})
	r.close = cancel
	s.cloud.t.Cleanup(func() { cancel(); firing.Wait() })
}

// timerEvent returns the event of a timer.
func timerEvent(at time.Time, trigger string, payload any) []byte {
	text, _ := payload.(string)
	event, _ := json.Marshal(map[string]string{ // strings cannot fail
		"triggerTime": at.UTC().Format("2006-01-02T15:04:05Z"), "triggerName": trigger, "payload": text,
	})
	return event
}

// fire invokes a function asynchronously.
func (c *Cloud) fire(ctx context.Context, s *stack, name string, event []byte) {
	if c.Falsify.TimerEvent != nil {
		event = c.Falsify.TimerEvent(event)
	}
	tries := 1 + c.maxRetries(s, name)
	for try := range tries {
		f, err := c.startFunction(name)
		if err != nil {
			return
		}
		response, err := f.Do(ctx, fctest.Call{Event: event, RetryCount: try})
		if err == nil && response.Error == nil || ctx.Err() != nil {
			return
		}
	}
}

// maxRetries returns how often an asynchronous event of a function is tried again.
func (c *Cloud) maxRetries(s *stack, name string) int {
	if c.Falsify.NoRetry {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range s.resources {
		if r.kind == "ALIYUN::FC3::AsyncInvokeConfig" && r.text("FunctionName") == name {
			return int(asFloat(r.properties["MaxAsyncRetryAttempts"]))
		}
	}
	return 3 // the default
}

// DeliverEvent delivers an event to every function that has a trigger of
// EventBridge, and waits for it.
func (c *Cloud) DeliverEvent(ctx context.Context, event []byte) {
	type target struct {
		stack *stack
		name  string
	}
	var targets []target
	c.mu.Lock()
	for _, s := range c.stacks {
		for _, r := range s.resources {
			if r.kind == "ALIYUN::FC3::Trigger" && r.text("TriggerType") == "eventbridge" {
				targets = append(targets, target{s, r.text("FunctionName")})
			}
		}
	}
	c.mu.Unlock()
	for _, t := range targets {
		c.fire(ctx, t.stack, t.name, event)
	}
}

// timeout returns the time-out of a function whose property has this value.
func (c *Cloud) timeout(property any) time.Duration {
	timeout := time.Duration(asFloat(property)) * time.Second
	if timeout <= 0 {
		timeout = time.Minute
	}
	if c.MaxTimeout > 0 {
		timeout = min(timeout, c.MaxTimeout)
	}
	return timeout
}

// asFloat returns a number of a template.
func asFloat(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case float64:
		return v
	case string:
		var f float64
		if _, err := fmt.Sscan(v, &f); err == nil {
			return f
		}
	}
	return 0
}
