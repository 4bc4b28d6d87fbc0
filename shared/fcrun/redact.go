package fcrun

import (
	"regexp"
	"strings"
)

// maxErrorText bounds the text of a function error, in bytes.
const maxErrorText = 4096

// signed finds the credentials that a signed URL carries, in whatever
// service's spelling; bearer finds those of an Authorization header.
var (
	signed = regexp.MustCompile(`(?i)\b((?:x-oss-|x-acs-|oss)?(?:signature(?:nonce)?|access-?key-?id|access-?key-?secret|security-?token|credential))(=|%3D|": ?"|: )[^&\s"',;]+`)
	bearer = regexp.MustCompile(`(?i)\b(authorization"?: ?)"?[^\r\n"]+`)
)

// redactSigned removes the values of signing parameters and headers from a text
// that leaves the function, and bounds its length.
func redactSigned(text string) string {
	text = bearer.ReplaceAllString(text, "${1}[redacted]")
	text = signed.ReplaceAllString(text, "${1}${2}[redacted]")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return text
}
