package fcrun

import (
	"regexp"
	"strings"
)

// maxErrorText bounds the text of a function error, in bytes.
const maxErrorText = 4096

// signedPattern matches the credentials in a signed URL, in the spelling of any service.
// bearerPattern matches those of an Authorization header.
var (
	signedPattern = regexp.MustCompile(
		`(?i)\b((?:x-oss-|x-acs-|oss)?(?:signature(?:nonce)?|access-?key-?id|access-?key-?secret|` +
			`security-?token|credential))(=|%3D|": ?"|: )[^&\s"',;]+`)
	bearerPattern = regexp.MustCompile(`(?i)\b(authorization"?: ?)"?[^\r\n"]+`)
)

// redactSigned removes the values of signing parameters and headers from a text
// that leaves the function, and bounds its length.
func redactSigned(text string) string {
	text = bearerPattern.ReplaceAllString(text, "${1}[redacted]")
	text = signedPattern.ReplaceAllString(text, "${1}${2}[redacted]")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return text
}
