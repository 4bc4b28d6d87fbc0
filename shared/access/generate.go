package access

import (
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"sync"
)

// The form of generated tokens and keys. Scanners for secrets and RedactTokens
// recognise it, and typing mistakes show. Tokens and keys of another form are
// accepted too.
const (
	tokenPrefix    = "ci_"
	tokenRandom    = 32 // of 62 characters: 190 bits
	checksumLength = 6
	keyPrefix      = "CIAK"
	keyRandom      = 20
	secretRandom   = 40

	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewToken makes a token from random bytes: "ci_", 32 characters, and a checksum
// of 6 characters.
func NewToken(random io.Reader) (string, error) {
	text, err := randomText(random, tokenRandom)
	if err != nil {
		return "", err
	}
	return tokenPrefix + text + checksum(tokenPrefix+text), nil
}

// HasValidChecksum reports whether a text is a token of NewToken without a typing
// mistake.
func HasValidChecksum(token string) bool {
	return len(token) == len(tokenPrefix)+tokenRandom+checksumLength && tokenPattern().MatchString(token) &&
		checksum(token[:len(token)-checksumLength]) == token[len(token)-checksumLength:]
}

// NewKey makes the id and the secret of an access key from random bytes.
func NewKey(random io.Reader) (id string, secret Secret, err error) {
	if id, err = randomText(random, keyRandom); err != nil {
		return "", "", err
	}
	text, err := randomText(random, secretRandom)
	return keyPrefix + id, Secret(text), err
}

// randomText returns n characters of the alphabet, each with the same
// probability.
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

// checksum returns the CRC-32 (IEEE) of a text, written in the alphabet.
func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	digits := make([]byte, checksumLength)
	for i := range digits {
		digits[len(digits)-1-i] = alphabet[sum%uint32(len(alphabet))]
		sum /= uint32(len(alphabet))
	}
	return string(digits)
}

// tokenPattern matches tokens of NewToken, and most of one that was cut. Cold starts do not
// compile it: that takes them 0.1 ms.
var tokenPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(tokenPrefix + `[0-9A-Za-z]{16,}`)
})

// RedactTokens hides tokens of NewToken in a text that is shown. People put them
// in the wrong place.
func RedactTokens(text string) string {
	return tokenPattern().ReplaceAllString(text, tokenPrefix+"…")
}
