package replica

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"community-images/shared/acsauth"
	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
)

const (
	// codeInvalidParams is E-HPC's code for a parameter of an operation that has
	// a wrong value.
	codeInvalidParams = "InvalidParams"
	// codeInternal and messageInternal are what E-HPC's gateway says of a fault
	// of its own.
	codeInternal    = "InternalError"
	messageInternal = "The request processing has failed due to some unknown error."
	retrySoon       = 5  // seconds
	retryNextRun    = 60 // seconds
)

// missingParameter is the error for a required parameter that is not given.
func missingParameter(name string) *apierror.Error {
	return &apierror.Error{Status: http.StatusBadRequest, Code: "MissingParameter",
		Message: fmt.Sprintf("The input parameter %q that is mandatory for processing this request is not supplied.",
			name), Recommend: "Supply " + name + "."}
}

// invalidRequest is the error for a request that cannot be read.
func invalidRequest(why string) *apierror.Error {
	return &apierror.Error{Status: http.StatusBadRequest, Code: "InvalidParameter",
		Message: "The request is invalid: " + why + ".", Recommend: "Correct the request."}
}

// notAuthorized is the error for a caller whose grant does not cover the request.
func notAuthorized(recommend string) *apierror.Error {
	return &apierror.Error{Status: http.StatusProxyAuthRequired, Code: "NotAuthorized",
		Message: "You are not authorized by RAM for this request.", Recommend: recommend}
}

// unavailable is the error for data that cannot be read now. retry is in seconds.
func unavailable(why string, retry int) *apierror.Error {
	return &apierror.Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable",
		Message: "The request has failed due to a temporary failure of the server.", Recommend: why + " Try again.",
		RetryAfter: retry}
}

// toAPIError turns any error into what the caller sees.
func toAPIError(err error) *apierror.Error {
	var known *apierror.Error
	var refusal *acsauth.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		return signatureError(refusal)
	// The region is new. Clients retry a 503, and the next run helps.
	case errors.Is(err, archive.ErrNoData):
		e := unavailable("Nothing has been captured for this region yet.", retryNextRun)
		e.Cause = err
		return e
	}
	var damaged *format.DamagedError
	if errors.As(err, &damaged) {
		e := unavailable("A stored object that this answer needs is damaged; tell the operator the RequestId.",
			retryNextRun)
		e.Cause = err
		return e
	}
	// Anything else is a store that does not answer, or not in time.
	e := unavailable("The storage cannot be reached and this instance does not hold the data.", retrySoon)
	e.Cause = err
	return e
}

// signatureError is the error for a refused signature. Like E-HPC's gateway it
// shows the sender what the server signed.
func signatureError(e *acsauth.Error) *apierror.Error {
	f := &apierror.Error{Status: e.Status, Code: e.Code, Message: e.Message,
		Recommend: "Sign the request with an access key that was issued for this endpoint, or send a bearer token."}
	// It has no secret: the sender knows every part of it.
	if e.StringToSign != "" {
		f.Message = strings.TrimSuffix(e.Message, ".") + ". server string to sign is:" + e.StringToSign
		f.Recommend = "Compare the string with your client's; if they are equal, the secret is another one."
	}
	return f
}

// sendError answers with an error and reports its cause, which the caller does
// not see.
func (c *call) sendError(e *apierror.Error) {
	if e.Cause != nil {
		c.options.Report(c.r.Context(), c.requestID, e.Cause)
	}
	// The header of an answer has been sent, so a status is too late.
	if c.status != 0 {
		return
	}
	h := c.w.Header()
	clear(h)
	e.SetHeaders(h)
	c.writeObject(e.Status, "Error", string(e.AppendJSON(nil, c.requestID, c.r.Host)))
}
