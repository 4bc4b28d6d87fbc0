package fault

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
)

const MaxFaults = 10 // faulty parameters that one error explains

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

// ValueError rejects a value that is not one of those that its parameter
// allows.
type ValueError struct {
	Value      string // as given
	Suggestion string // of DidYouMean; may be empty
}

// Error implements error. New writes a better text, which says what is
// allowed too.
func (e *ValueError) Error() string { return fmt.Sprintf("value %s is not allowed", Quote(e.Value)) }

// CompleteError completes "NAME ..." and says by itself what is allowed.
type CompleteError string

// Error implements error.
func (e CompleteError) Error() string { return string(e) }

// New turns the error of parsing a parameter into a fault. allowed
// is a noun phrase for the values that the parameter allows.
func New(name string, err error, allowed string) Fault {
	var wrong *ValueError
	if errors.As(err, &wrong) {
		reason := fmt.Sprintf("must be %s, got %s%s", allowed, Quote(wrong.Value), wrong.Suggestion)
		return Fault{Code: CodeInvalid, Name: name, Reason: reason}
	}
	var complete CompleteError
	if errors.As(err, &complete) {
		allowed = ""
	}
	return Fault{CodeInvalid, name, err.Error(), allowed}
}

// NewError reports faulty parameters together. What is allowed is said
// only once if several parameters allow the same.
func NewError(faults []Fault) *apierror.Error {
	var parts, said []string
	for _, f := range faults[:min(len(faults), MaxFaults)] {
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

// NewEmptyError says that a parameter, or a value of its list, is empty.
func NewEmptyError(values []string) error {
	if len(values) == 1 {
		return errors.New("must not be empty")
	}
	return CompleteError(fmt.Sprintf("has an empty value between commas: %s", Quote(strings.Join(values, ","))))
}

// NewOneValueError says that a parameter takes no list. FC joins the values of a
// repeated parameter by commas, so both look the same.
func NewOneValueError(values []string) error {
	return fmt.Errorf("takes one value, got %s; it may have been given twice", Quote(strings.Join(values, ",")))
}

// NewTooManyError says that a parameter has more of something than is allowed.
func NewTooManyError(count int, what string, most int) error {
	return fmt.Errorf("has %d %s; the limit is %d", count, what, most)
}
