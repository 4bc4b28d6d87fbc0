package access

import (
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
)

// The form of what scripts/token makes. It can be recognised, by scanners for
// secrets as well as by Scrub, and a slip of the keyboard shows. Tokens and
// keys from elsewhere are accepted too.
const (
	tokenPrefix  = "ci_"
	tokenRandom  = 32 // of 62 characters: 190 bits
	checkLength  = 6
	keyPrefix    = "CIAK"
	keyRandom    = 20
	secretRandom = 40

	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewToken makes a token from random bytes: ci_, 32 characters and 6 more that
// are a checksum of what stands before them.
func NewToken(random io.Reader) (string, error) {
	text, err := randomText(random, tokenRandom)
	if err != nil {
		return "", err
	}
	return tokenPrefix + text + check(tokenPrefix+text), nil
}

// Intact says whether a text is a token of NewToken without a slip.
func Intact(token string) bool {
	return len(token) == len(tokenPrefix)+tokenRandom+checkLength && tokenForm.MatchString(token) &&
		check(token[:len(token)-checkLength]) == token[len(token)-checkLength:]
}

// NewKey makes the id and the secret of an access key from random bytes.
func NewKey(random io.Reader) (id string, secret Secret, err error) {
	if id, err = randomText(random, keyRandom); err != nil {
		return "", "", err
	}
	text, err := randomText(random, secretRandom)
	return keyPrefix + id, Secret(text), err
}

// randomText draws characters of the alphabet, each as likely as any other.
func randomText(random io.Reader, n int) (string, error) {
	const fair = 256 / len(alphabet) * len(alphabet)
	text, one := make([]byte, 0, n), make([]byte, 1)
	for len(text) < n {
		if _, err := io.ReadFull(random, one); err != nil {
			return "", fmt.Errorf("reading random bytes: %w", err)
		}
		if int(one[0]) < fair {
			text = append(text, alphabet[int(one[0])%len(alphabet)])
		}
	}
	return string(text), nil
}

// check is the CRC-32 (IEEE) of a text in the alphabet.
func check(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	digits := make([]byte, checkLength)
	for i := range digits {
		digits[len(digits)-1-i] = alphabet[sum%uint32(len(alphabet))]
		sum /= uint32(len(alphabet))
	}
	return string(digits)
}

// tokenForm finds tokens of NewToken, and most of one that has been cut.
var tokenForm = regexp.MustCompile(tokenPrefix + `[0-9A-Za-z]{16,}`)

// Scrub hides tokens of NewToken in a text that is to be shown: people put
// them in the wrong place.
func Scrub(text string) string { return tokenForm.ReplaceAllString(text, tokenPrefix+"…") }
