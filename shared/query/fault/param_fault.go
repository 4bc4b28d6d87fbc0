package fault

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/message"
)

const MaxFaults = 10 // faulty parameters that one error explains

// recommendUnknown stands beside faults of which the first is an unknown
// parameter. Of other faults the message says what is allowed.
const recommendUnknown message.Template = "/openapi.json describes every route and parameter."

// Fault is what is wrong with one parameter.
type Fault struct {
	Code    string       // that of the first fault becomes the code of the error
	Name    string       // of the parameter; empty: reason is a sentence of its own
	Reason  message.Text // completes "NAME ..."
	Allowed message.Text // completes "Allowed: ..."; empty: reason says it
}

// ValueError rejects a value that is not one of those that its parameter
// allows.
type ValueError struct {
	Value      string       // as given
	Suggestion message.Text // of DidYouMean; may be empty
}

// Error implements error. New writes a better text, which says what is
// allowed too.
func (e *ValueError) Error() string { return fmt.Sprintf("value %s is not allowed", Quote(e.Value)) }

// ReasonError says what is wrong with a parameter.
type ReasonError struct {
	Reason     message.Text // completes "NAME ..."
	IsComplete bool         // Reason says what is allowed too
	Cause      error        // may be nil
}

// Reason returns an error whose text completes "NAME ...".
func Reason(template message.Template, args ...any) error {
	return &ReasonError{Reason: message.New(template, args...)}
}

// CompleteReason is Reason for a text that says by itself what is allowed.
func CompleteReason(text message.Text) error { return &ReasonError{Reason: text, IsComplete: true} }

// Error implements error.
func (e *ReasonError) Error() string { return e.Reason.String() }

// Unwrap returns the cause.
func (e *ReasonError) Unwrap() error { return e.Cause }

// New turns the error of parsing a parameter into a fault. allowed
// is a noun phrase for the values that the parameter allows.
func New(name string, err error, allowed message.Text) Fault {
	var wrong *ValueError
	if errors.As(err, &wrong) {
		reason := message.Join(message.New("must be %s, got %s", allowed, Quote(wrong.Value)), wrong.Suggestion)
		return Fault{Code: CodeInvalid, Name: name, Reason: reason}
	}
	var because *ReasonError
	if !errors.As(err, &because) {
		return Fault{CodeInvalid, name, message.Untranslated(err.Error()), allowed}
	}
	if because.IsComplete {
		allowed = message.Text{}
	}
	return Fault{CodeInvalid, name, because.Reason, allowed}
}

// NewError reports faulty parameters together. What is allowed is said
// only once if several parameters allow the same.
func NewError(faults []Fault) *apierror.Error {
	var parts []message.Text
	var said []string
	for _, f := range faults[:min(len(faults), MaxFaults)] {
		parts = append(parts, f.describe())
		if allowed := f.Allowed.String(); allowed != "" && !slices.Contains(said, allowed) {
			parts = append(parts, message.New("Allowed: %s.", f.Allowed))
			said = append(said, allowed)
		}
	}
	switch more := len(faults) - MaxFaults; {
	case more == 1:
		parts = append(parts, message.New("1 more parameter is wrong."))
	case more > 1:
		parts = append(parts, message.New("%d more parameters are wrong.", more))
	}
	e := &apierror.Error{Status: http.StatusBadRequest, Code: faults[0].Code, Message: message.Sentences(parts...)}
	if e.Code == CodeUnknown {
		e.Recommend = message.New(recommendUnknown)
	}
	return e
}

// describe returns the fault as a sentence.
func (f Fault) describe() message.Text {
	if f.Name == "" {
		return EndSentence(f.Reason)
	}
	return EndSentence(message.New("%s %s", f.Name, f.Reason))
}

// EndSentence adds a full stop unless the text ends with a question.
func EndSentence(text message.Text) message.Text {
	if strings.HasSuffix(text.String(), "?") {
		return text
	}
	return message.New("%s.", text)
}

// NewTokenFault rejects a token in the URL. It does not name the parameter,
// which could be taken for an invitation.
func NewTokenFault() Fault {
	return Fault{
		Code: CodeInvalid,
		Reason: message.New(
			`Tokens are not accepted in the URL, which is logged. Send "Authorization: Bearer <token>"`),
	}
}

// NewEmptyError says that a parameter, or a value of its list, is empty.
func NewEmptyError(values []string) error {
	if len(values) == 1 {
		return Reason("must not be empty")
	}
	return CompleteReason(message.New("has an empty value between commas: %s", Quote(strings.Join(values, ","))))
}

// NewOneValueError says that a parameter takes no list. FC joins the values of a
// repeated parameter by commas, so both look the same.
func NewOneValueError(values []string) error {
	return Reason("takes one value, got %s; it may have been given twice", Quote(strings.Join(values, ",")))
}

// NewTooManyError says that a parameter has more of something than is allowed.
func NewTooManyError(count int, what message.Template, most int) error {
	return Reason("has %d %s; the limit is %d", count, message.New(what), most)
}
