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

// serveFC answers InvokeFunction.
func (c *Cloud) serveFC(w http.ResponseWriter, r *http.Request) {
	action, body, ok := c.admit(w, r, "2023-03-30")
	if !ok {
		return
	}
	name, isInvoke := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/2023-03-30/functions/"), "/invocations")
	if action != "InvokeFunction" || !isInvoke || r.Method != http.MethodPost || r.Header.Get("X-Fc-Invocation-Type") != "Sync" {
		answerError(w, http.StatusNotFound, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
		return
	}
	f, err := c.start(name)
	var response fctest.Response
	if err == nil {
		response, err = f.Invoke(r.Context(), body)
	}
	var missing *apiError
	switch {
	case errors.As(err, &missing):
		answerError(w, missing.status, missing.code, missing.message)
	case err != nil:
		response.Error = &fctest.FunctionError{Type: "FunctionNotStarted", Message: err.Error()}
		fallthrough
	case response.Error != nil:
		w.Header().Set("X-Fc-Error-Type", response.Error.Type)
		answer(w, response.Error)
	default:
		_, _ = w.Write(response.Payload) // a client that has gone away
	}
}

// start returns the running function of a name.
func (c *Cloud) start(name string) (*fctest.Function, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.funcs[name]
	if f == nil {
		return nil, fault(http.StatusNotFound, "FunctionNotFound", "function %q does not exist", name)
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

// bringTrigger makes an HTTP trigger reachable. Of other triggers FC wants a
// function that exists.
func (r *resource) bringTrigger(s *stack, was *resource) error {
	name := r.text("FunctionName")
	if s.cloud.funcs[name] == nil {
		return fmt.Errorf("FunctionNotFound: function %q does not exist", name)
	}
	if was != nil {
		was.close()
	}
	r.physical = name + "/" + r.text("TriggerName")
	r.attributes = map[string]any{"FunctionName": name, "TriggerName": r.text("TriggerName"), "TriggerId": s.cloud.id("trigger"), "UrlInternet": "", "UrlIntranet": ""}
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
	server := httptest.NewServer(s.cloud.trigger(name, config))
	r.close = server.Close
	s.cloud.t.Cleanup(server.Close)
	r.attributes["UrlInternet"], r.attributes["UrlIntranet"] = server.URL, server.URL
	return nil
}

// trigger is FC's gateway in front of a function.
func (c *Cloud) trigger(name string, config map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if config["disableURLInternet"] == true {
			answerError(w, http.StatusForbidden, "AccessDenied", "the URL is disabled")
			return
		}
		if config["authType"] == "function" {
			if err := VerifyTrigger(r, c.Key); err != nil {
				answerError(w, http.StatusForbidden, "AccessDenied", err.Error())
				return
			}
		} else if config["authType"] != "anonymous" {
			answerError(w, http.StatusInternalServerError, "InternalError", fmt.Sprintf("authType %v is not spoken here", config["authType"]))
			return
		}
		allowed := false
		methods, _ := config["methods"].([]any)
		for _, m := range methods {
			allowed = allowed || m == r.Method
		}
		if !allowed {
			answerError(w, http.StatusMethodNotAllowed, "MethodNotAllowed", fmt.Sprintf("the trigger allows %v", methods))
			return
		}
		f, err := c.start(name)
		if err != nil {
			answerError(w, http.StatusBadGateway, "FunctionNotStarted", err.Error())
			return
		}
		f.HTTPHandler().ServeHTTP(w, r)
	})
}
