package deploytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"community-images/shared/fcrun/fctest"
)

// serveFC serves InvokeFunction.
func (c *Cloud) serveFC(w http.ResponseWriter, r *http.Request) {
	action, body, ok := c.readCall(w, r, "2023-03-30")
	if !ok {
		return
	}
	name, isInvoke := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/2023-03-30/functions/"), "/invocations")
	isSync := r.Method == http.MethodPost && r.Header.Get("X-Fc-Invocation-Type") == "Sync"
	if action != "InvokeFunction" || !isInvoke || !isSync {
		respondError(w, http.StatusNotFound, "InvalidAction.NotFound", noSuchAction)
		return
	}
	f, err := c.startFunction(name)
	var response fctest.Response
	if err == nil {
		response, err = f.Invoke(r.Context(), body)
	}
	var missing *apiError
	switch {
	case errors.As(err, &missing):
		respondError(w, missing.status, missing.code, missing.message)
	case err != nil:
		response.Error = &fctest.FunctionError{Type: "FunctionNotStarted", Message: err.Error()}
		fallthrough
	case response.Error != nil:
		w.Header().Set("X-Fc-Error-Type", response.Error.Type)
		respond(w, response.Error)
	default:
		_, _ = w.Write(response.Payload) // fails if the client has gone away
	}
}

// startFunction starts a function, unless it is running.
func (c *Cloud) startFunction(name string) (*fctest.Function, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.funcs[name]
	if f == nil {
		return nil, newError(http.StatusNotFound, "FunctionNotFound", "function %q does not exist", name)
	}
	if f.running == nil {
		running, err := fctest.Start(context.Background(), f.binary, f.options)
		if err != nil {
			return nil, err
		}
		f.running = running
	}
	return f.running, nil
}

// applyTrigger creates or updates a trigger and serves it if it is an HTTP
// trigger. FC refuses a trigger without a function.
func (r *resource) applyTrigger(s *stack, before *resource) error {
	name := r.text("FunctionName")
	if s.cloud.funcs[name] == nil {
		return fmt.Errorf("FunctionNotFound: function %q does not exist", name)
	}
	if before != nil {
		before.close()
	}
	r.physical = name + "/" + r.text("TriggerName")
	r.attributes = map[string]any{
		"FunctionName": name, "TriggerName": r.text("TriggerName"), "TriggerId": s.cloud.newID("trigger"),
		"UrlInternet": "", "UrlIntranet": "",
	}
	r.close = func() {}
	if r.text("TriggerType") != "http" {
		return nil
	}
	config, _ := r.properties["TriggerConfig"].(map[string]any)
	if text, ok := r.properties["TriggerConfig"].(string); ok {
		if err := json.Unmarshal([]byte(text), &config); err != nil {
			return fmt.Errorf("InvalidArgument: TriggerConfig: %w", err)
		}
	}
	server := httptest.NewServer(s.cloud.gateway(name, config))
	r.close = server.Close
	s.cloud.t.Cleanup(server.Close)
	r.attributes["UrlInternet"], r.attributes["UrlIntranet"] = server.URL, server.URL
	return nil
}

// gateway returns what FC puts in front of a function with an HTTP trigger of
// this configuration.
func (c *Cloud) gateway(name string, config map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if config["disableURLInternet"] == true {
			respondError(w, http.StatusForbidden, "AccessDenied", "the URL is disabled")
			return
		}
		if config["authType"] == "function" {
			if err := VerifyTrigger(r, c.Key); err != nil {
				respondError(w, http.StatusForbidden, "AccessDenied", err.Error())
				return
			}
		} else if config["authType"] != "anonymous" {
			message := fmt.Sprintf("authType %v is not supported here", config["authType"])
			respondError(w, http.StatusInternalServerError, "InternalError", message)
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
		f, err := c.startFunction(name)
		if err != nil {
			respondError(w, http.StatusBadGateway, "FunctionNotStarted", err.Error())
			return
		}
		f.HTTPHandler().ServeHTTP(w, r)
	})
}
