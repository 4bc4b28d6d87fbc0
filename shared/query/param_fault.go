package query

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
)

const maxFaults = 10 // faulty parameters that one error explains

// recommendParams stands beside every fault of parameters. The message says
// already what is allowed.
const recommendParams = "Correct the parameter. /openapi.json describes every route and parameter."

// paramFault is what is wrong with one parameter.
type paramFault struct {
	code    string // that of the first fault becomes the code of the error
	name    string // of the parameter; empty: reason is a sentence of its own
	reason  string // completes "NAME ..."
	allowed string // completes "Allowed: ..."; empty: reason says it
}

// valueError rejects a value that is not one of those that its parameter
// allows.
type valueError struct {
	value      string // as given
	suggestion string // of didYouMean; may be empty
}

// Error implements error. newParamFault writes a better text, which says what is
// allowed too.
func (e *valueError) Error() string { return fmt.Sprintf("value %s is not allowed", quote(e.value)) }

// completeError completes "NAME ..." and says by itself what is allowed.
type completeError string

// Error implements error.
func (e completeError) Error() string { return string(e) }

// newParamFault turns the error of parsing a parameter into a fault. allowed
// is a noun phrase for the values that the parameter allows.
func newParamFault(name string, err error, allowed string) paramFault {
	var wrong *valueError
	if errors.As(err, &wrong) {
		reason := fmt.Sprintf("must be %s, got %s%s", allowed, quote(wrong.value), wrong.suggestion)
		return paramFault{code: codeInvalid, name: name, reason: reason}
	}
	var complete completeError
	if errors.As(err, &complete) {
		allowed = ""
	}
	return paramFault{codeInvalid, name, err.Error(), allowed}
}

// newFaultsError reports faulty parameters together. What is allowed is said
// only once if several parameters allow the same.
func newFaultsError(faults []paramFault) *apierror.Error {
	var parts, said []string
	for _, f := range faults[:min(len(faults), maxFaults)] {
		text := endSentence(strings.TrimSpace(f.name + " " + f.reason))
		if f.allowed != "" && !slices.Contains(said, f.allowed) {
			text += " Allowed: " + f.allowed + "."
			said = append(said, f.allowed)
		}
		parts = append(parts, text)
	}
	switch more := len(faults) - len(parts); {
	case more == 1:
		parts = append(parts, "1 more parameter is wrong.")
	case more > 1:
		parts = append(parts, fmt.Sprintf("%d more parameters are wrong.", more))
	}
	return &apierror.Error{
		Status: http.StatusBadRequest, Code: faults[0].code,
		Message: strings.Join(parts, " "), Recommend: recommendParams,
	}
}

// endSentence adds a full stop unless the text ends with a question.
func endSentence(text string) string {
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// newTokenFault rejects a token in the URL. It does not name the parameter,
// which could be taken for an invitation.
func newTokenFault() paramFault {
	return paramFault{
		code:   codeInvalid,
		reason: `Tokens are not accepted in the URL, which is logged. Send "Authorization: Bearer <token>"`,
	}
}
