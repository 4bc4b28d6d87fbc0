package replica

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"community-images/shared/acsauth"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

const (
	codeParams      = "InvalidParams"
	codeInternal    = "InternalError"
	messageInternal = "The request processing has failed due to some unknown error."
	retrySoon       = 5  // seconds
	retryNextRun    = 60 // seconds
)

// failure is an error as the caller sees it: upstream's code, status and
// message, and what to do about it here.
type failure struct {
	status       int
	code         string
	message      string
	recommend    string
	retry        int    // seconds; 0: no Retry-After
	allow        string // methods
	authenticate string // scheme
	cause        error  // for the log
}

func (e *failure) Error() string { return e.code + ": " + e.message }

func missing(name string) *failure {
	return &failure{status: http.StatusBadRequest, code: "MissingParameter",
		message: fmt.Sprintf("The input parameter %q that is mandatory for processing this request is not supplied.", name), recommend: "Supply " + name + "."}
}

func invalid(why string) *failure {
	return &failure{status: http.StatusBadRequest, code: "InvalidParameter", message: "The request is invalid: " + why + ".", recommend: "Correct the request."}
}

func notAuthorized(recommend string) *failure {
	return &failure{status: http.StatusProxyAuthRequired, code: "NotAuthorized", message: "You are not authorized by RAM for this request.", recommend: recommend}
}

func unavailable(why string, retry int) *failure {
	return &failure{status: http.StatusServiceUnavailable, code: "ServiceUnavailable", message: "The request has failed due to a temporary failure of the server.", recommend: why + " Try again.", retry: retry}
}

// explain turns any error into what the caller is told.
func explain(err error) *failure {
	var known *failure
	var refusal *acsauth.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		return refused(refusal)
	case errors.Is(err, archive.ErrNoData):
		e := unavailable("Nothing has been captured for this region yet.", retryNextRun)
		e.cause = err
		return e
	}
	var damaged *archive.DamagedError
	if errors.As(err, &damaged) {
		e := unavailable("A stored object that this answer needs is damaged; tell the operator the RequestId.", retryNextRun)
		e.cause = err
		return e
	}
	e := unavailable("The storage cannot be reached and this instance does not hold the data.", retrySoon)
	e.cause = err
	return e
}

// refused is a refusal of a signature. The sender is told what was signed
// here, as upstream's gateway does; nobody else is.
func refused(e *acsauth.Error) *failure {
	f := &failure{status: e.Status, code: e.Code, message: e.Message, recommend: "Sign the request with an access key that was issued for this endpoint, or send a bearer token."}
	if e.StringToSign != "" {
		f.message = strings.TrimSuffix(e.Message, ".") + ". server string to sign is:" + e.StringToSign
		f.recommend = "Compare the string with your client's; if they are equal, the secret is another one."
	}
	return f
}

// fail answers with an error and reports what the caller is not told.
func (c *call) fail(e *failure) {
	if e.cause != nil {
		c.options.Report(c.r.Context(), c.id, e.cause)
	}
	if c.status != 0 {
		return
	}
	h := c.w.Header()
	clear(h)
	if e.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(e.retry))
	}
	if e.allow != "" {
		h.Set("Allow", e.allow)
	}
	if e.authenticate != "" {
		h.Set("WWW-Authenticate", e.authenticate)
	}
	host := c.r.Host[:min(len(c.r.Host), 255)]
	b := []byte(`{"RequestId":`)
	for i, text := range []string{c.id, host, e.code, e.message, e.recommend} {
		b = append(b, [...]string{"", `,"HostId":`, `,"Code":`, `,"Message":`, `,"Recommend":`}[i]...)
		b = catalog.AppendString(b, text)
	}
	c.write(e.status, "Error", string(append(b, '}')))
}
