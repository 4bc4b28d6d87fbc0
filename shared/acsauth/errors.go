package acsauth

import (
	"fmt"
	"net/http"
)

// Error is a refusal with the status, code and message of Alibaba Cloud's
// gateway.
type Error struct {
	Status int    // HTTP status to answer with
	Code   string // for example SignatureDoesNotMatch
	// Message says what is wrong. It repeats no values of the request.
	Message string
	// StringToSign is what the server signed, if the signature did not match. It
	// repeats parts of the request: it may be shown to the sender, who can
	// compare it, but must not be logged, because it may hold a security token.
	StringToSign string
}

// Error returns the code and the message, without StringToSign.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// NonceUsed is the error for a request whose nonce was used before.
func NonceUsed() *Error {
	return &Error{Status: http.StatusBadRequest, Code: "SignatureNonceUsed",
		Message: "Specified signature nonce was used already."}
}

// missingParameter is the error for a required parameter that is not given.
func missingParameter(parameter string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "MissingParameter",
		Message: fmt.Sprintf("The input parameter %q that is mandatory for processing this request is not supplied.",
			parameter)}
}

// incompleteSignature is the error for a signature that does not have the
// documented form.
func incompleteSignature(why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "IncompleteSignature",
		Message: "The request signature does not conform to Aliyun standards: " + why + "."}
}

// invalidRequest is the error for a request that cannot be read.
func invalidRequest(why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: "The request is invalid: " + why +
		"."}
}

// Expired is the error for a request that was signed too long ago.
func Expired() *Error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidTimeStamp.Expired",
		Message: "Specified time stamp or date value is expired."}
}

// unknownKey is the error for an access key that does not exist.
func unknownKey() *Error {
	return &Error{Status: http.StatusNotFound, Code: "InvalidAccessKeyId.NotFound",
		Message: "Specified access key is not found."}
}

// signatureMismatch is the error for a wrong signature.
func signatureMismatch(c *signedRequest) *Error {
	e := &Error{Status: http.StatusBadRequest, Code: "SignatureDoesNotMatch", StringToSign: c.stringToSign,
		Message: "Specified signature is not matched with our calculation."}
	if c.canonicalRequest != "" {
		// The string to sign has only a hash of the canonical request, which alone does not
		// help to find a mistake.
		e.StringToSign += "\n\n" + c.canonicalRequest
	}
	return e
}
