package fcrun

import (
	"testing"

	"community-images/shared/cloud"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	known := cloud.Credentials{AccessKeyID: "LTAI5tKnown", AccessKeySecret: "knownsecret", SecurityToken: "CAISknown"}
	for text, want := range map[string]string{
		"plain words about a signature and an access key": "plain words about a signature and an access key",
		"sent CAISknown, knownsecret":                     "sent [redacted], [redacted]",
		"https://h/?AccessKeyId=abc&SignatureNonce=1&Signature=d": "" +
			"https://h/?AccessKeyId=[redacted]&SignatureNonce=[redacted]&Signature=[redacted]",
		"https://h/?x-oss-signature=ab&x-oss-security-token=cd&y=": "" +
			"https://h/?x-oss-signature=[redacted]&x-oss-security-token=[redacted]&y=",
		"Authorization: Bearer abc def\nnext": "Authorization: [redacted]\nnext",
		`{"SecurityToken":"abc","x":1}`:       `{"SecurityToken":"[redacted]","x":1}`,
		"short Credentials{} stay":            "short Credentials{} stay",
	} {
		if got := redactSigned(cloud.Credentials{AccessKeySecret: "plain"}.Redact(known.Redact(text))); got != want {
			t.Errorf("%q\ngot  %q\nwant %q", text, got, want)
		}
	}
}
