package fcrun

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"unicode/utf8"

	"community-images/shared/apierror"
)

const (
	// maxResponse bounds the result of an invocation, in bytes of the JSON that the
	// SDK sends. FC fails the invocation above it.
	maxResponse = 32 << 20
	// maxEncodedBody is what the body may take of it, quoted or as base64. The rest
	// is for the headers, whose quotes are escaped too.
	maxEncodedBody = maxResponse - 8*maxHeaderBytes
)

// canQuote returns true if a body fits into a response as a JSON string. Valid
// UTF-8 is assumed.
//
// It counts only where the answer is not sure: small bodies cost nothing.
func canQuote(body string) bool {
	const longest = len(`\u003c`) // what one byte can become
	if len(body)*longest <= maxEncodedBody {
		return true
	}
	return len(body) <= maxEncodedBody && quotedSize(body) <= maxEncodedBody
}

// quotedSize returns the length of a text as a JSON string, as encoding/json
// writes it: with HTML's own characters escaped, too.
func quotedSize(text string) int {
	size := len(`""`)
	for _, r := range text {
		switch {
		case r == '"', r == '\\', r == '\b', r == '\f', r == '\n', r == '\r', r == '\t':
			size += len(`\n`)
		case r < 0x20, r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029':
			size += len(`\u003c`)
		default:
			size += utf8.RuneLen(r)
		}
	}
	return size
}

// canEncode returns true if a body fits into a response as base64.
func canEncode(body string) bool { return base64.StdEncoding.EncodedLen(len(body)) <= maxEncodedBody }

// responseTooLarge is the error for a body that fits in no way.
func responseTooLarge(body string) *apierror.Error {
	text := fmt.Sprintf("The answer has %d MB; Function Compute sends 24 MB, or 32 MB of text.", len(body)>>20)
	return apierror.New(http.StatusBadRequest, codeResponseTooLarge, text, "Ask for less at a time.")
}
