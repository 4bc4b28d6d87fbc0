package acsauth

import (
	"fmt"
	"net/http"
)

// Error is a refusal, with the code, status and wording that Alibaba Cloud's
// gateway uses for it.
type Error struct {
	Status  int    // HTTP status to answer with
	Code    string // for example SignatureDoesNotMatch
	Message string
	// StringToSign is what the server signed, if the signature did not match.
	// It repeats parts of the request: it may be told to the sender, who can
	// compare it, and must not be logged, for it may hold a security token.
	StringToSign string
}

// Error names the code and the message, without StringToSign.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// NonceUsed is the refusal of a request whose nonce was used before.
func NonceUsed() *Error {
	return &Error{Status: http.StatusBadRequest, Code: "SignatureNonceUsed", Message: "Specified signature nonce was used already."}
}

func missing(parameter string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "MissingParameter",
		Message: fmt.Sprintf("The input parameter %q that is mandatory for processing this request is not supplied.", parameter)}
}

func incomplete(why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "IncompleteSignature",
		Message: "The request signature does not conform to Aliyun standards: " + why + "."}
}

func invalid(why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: "The request is invalid: " + why + "."}
}

// Expired is the refusal of a request that was signed too long ago.
func Expired() *Error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidTimeStamp.Expired", Message: "Specified time stamp or date value is expired."}
}

func unknownKey() *Error {
	return &Error{Status: http.StatusNotFound, Code: "InvalidAccessKeyId.NotFound", Message: "Specified access key is not found."}
}

func mismatch(c *claim) *Error {
	e := &Error{Status: http.StatusBadRequest, Code: "SignatureDoesNotMatch", StringToSign: c.stringToSign,
		Message: "Specified signature is not matched with our calculation."}
	if c.canonical != "" {
		e.StringToSign += "\n\n" + c.canonical
	}
	return e
}
