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
	// codeInvalidRequest is the gateway's code for a request that cannot be read.
	codeInvalidRequest = "InvalidParameter"
	// codeInternal and messageInternal are what E-HPC's gateway says of a fault
	// of its own.
	codeInternal    = "InternalError"
	messageInternal = "The request processing has failed due to some unknown error."
	retrySoon       = 5  // seconds
	retryNextRun    = 60 // seconds
)

// missingParameter is the error for a required parameter that is not given.
func missingParameter(name, recommend string) *apierror.Error {
	text := fmt.Sprintf("The input parameter %q that is mandatory for processing this request is not supplied.", name)
	return apierror.New(http.StatusBadRequest, "MissingParameter", text, recommend)
}

// invalidRequest is the error for a request that cannot be read.
func invalidRequest(why string) *apierror.Error {
	return apierror.New(http.StatusBadRequest, codeInvalidRequest, "The request is invalid: "+why+".",
		"Correct the request.")
}

// notAuthorized is the error for a caller whose grant does not cover the request.
func notAuthorized(recommend string) *apierror.Error {
	return apierror.New(http.StatusProxyAuthRequired, "NotAuthorized",
		"You are not authorized by RAM for this request.", recommend)
}

// unavailable is the error for data that cannot be read now. retry is in seconds.
func unavailable(why string, retry int) *apierror.Error {
	e := apierror.New(http.StatusServiceUnavailable, "ServiceUnavailable",
		"The request has failed due to a temporary failure of the server.", why+" Try again.")
	e.RetryAfter = retry
	return e
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
	if e.StringToSign == "" {
		return apierror.New(e.Status, e.Code, e.Message,
			"Sign the request with an access key that was issued for this endpoint, or send a bearer token.")
	}
	// It has no secret: the sender knows every part of it.
	return apierror.New(e.Status, e.Code,
		strings.TrimSuffix(e.Message, ".")+". server string to sign is:"+e.StringToSign,
		"Compare the string with your client's; if they are equal, the secret is another one.")
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
