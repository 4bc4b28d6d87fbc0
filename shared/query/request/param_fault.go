package request

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
)

const maxFaults = 10 // faulty parameters that one error explains

// recommendUnknown stands beside faults of which the first is an unknown
// parameter. Of other faults the message says what is allowed.
const recommendUnknown = "/openapi.json describes every route and parameter."

// Fault is what is wrong with one parameter.
type Fault struct {
	Code    string // that of the first fault becomes the code of the error
	Name    string // of the parameter; empty: reason is a sentence of its own
	Reason  string // completes "NAME ..."
	Allowed string // completes "Allowed: ..."; empty: reason says it
}

// valueError rejects a value that is not one of those that its parameter
// allows.
type valueError struct {
	value      string // as given
	suggestion string // of DidYouMean; may be empty
}

// Error implements error. newParamFault writes a better text, which says what is
// allowed too.
func (e *valueError) Error() string { return fmt.Sprintf("value %s is not allowed", Quote(e.value)) }

// completeError completes "NAME ..." and says by itself what is allowed.
type completeError string

// Error implements error.
func (e completeError) Error() string { return string(e) }

// newParamFault turns the error of parsing a parameter into a fault. allowed
// is a noun phrase for the values that the parameter allows.
func newParamFault(name string, err error, allowed string) Fault {
	var wrong *valueError
	if errors.As(err, &wrong) {
		reason := fmt.Sprintf("must be %s, got %s%s", allowed, Quote(wrong.value), wrong.suggestion)
		return Fault{Code: CodeInvalid, Name: name, Reason: reason}
	}
	var complete completeError
	if errors.As(err, &complete) {
		allowed = ""
	}
	return Fault{CodeInvalid, name, err.Error(), allowed}
}

// NewFaultsError reports faulty parameters together. What is allowed is said
// only once if several parameters allow the same.
func NewFaultsError(faults []Fault) *apierror.Error {
	var parts, said []string
	for _, f := range faults[:min(len(faults), maxFaults)] {
		text := EndSentence(strings.TrimSpace(f.Name + " " + f.Reason))
		if f.Allowed != "" && !slices.Contains(said, f.Allowed) {
			text += " Allowed: " + f.Allowed + "."
			said = append(said, f.Allowed)
		}
		parts = append(parts, text)
	}
	switch more := len(faults) - len(parts); {
	case more == 1:
		parts = append(parts, "1 more parameter is wrong.")
	case more > 1:
		parts = append(parts, fmt.Sprintf("%d more parameters are wrong.", more))
	}
	e := &apierror.Error{Status: http.StatusBadRequest, Code: faults[0].Code, Message: strings.Join(parts, " ")}
	if e.Code == CodeUnknown {
		e.Recommend = recommendUnknown
	}
	return e
}

// EndSentence adds a full stop unless the text ends with a question.
func EndSentence(text string) string {
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// NewTokenFault rejects a token in the URL. It does not name the parameter,
// which could be taken for an invitation.
func NewTokenFault() Fault {
	return Fault{
		Code:   CodeInvalid,
		Reason: `Tokens are not accepted in the URL, which is logged. Send "Authorization: Bearer <token>"`,
	}
}
