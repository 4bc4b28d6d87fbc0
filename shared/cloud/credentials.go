// Package cloud is what every client of Alibaba Cloud needs: the access key that
// signs its calls.
package cloud

import (
	"net/url"
	"strings"
	"sync/atomic"
)

// Credentials are an access key, with a security token if it is a temporary key
// of STS. Printing or marshalling them shows none of their values.
type Credentials struct {
	// AccessKeyID is public, but tells the account; it begins with "LTAI" or "STS.".
	AccessKeyID string
	// AccessKeySecret signs requests. It is never sent.
	AccessKeySecret string
	SecurityToken   string // empty for a permanent key
}

// hidden stands for credentials wherever they are printed.
const hidden = "[credentials]"

// String implements fmt.Stringer.
func (Credentials) String() string { return hidden }

// GoString implements fmt.GoStringer, for %#v.
func (Credentials) GoString() string { return hidden }

// MarshalText implements encoding.TextMarshaler, for JSON and loggers.
func (Credentials) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Usable reports whether both parts of the access key are present.
func (c Credentials) Usable() bool { return c.AccessKeyID != "" && c.AccessKeySecret != "" }

// minSecretLength is the length below which a value is not redacted: it is not a
// real secret, and would match parts of ordinary words.
const minSecretLength = 6

// Redact removes the access key and the token from a text of a service. Services
// repeat signed headers when a signature does not match, sometimes percent-encoded
// once or twice.
func (c Credentials) Redact(text string) string {
	for _, secret := range []string{c.AccessKeySecret, c.SecurityToken, c.AccessKeyID} {
		if len(secret) < minSecretLength {
			continue
		}
		encoded := url.QueryEscape(secret)
		for _, form := range []string{secret, encoded, url.QueryEscape(encoded)} {
			text = strings.ReplaceAll(text, form, "[redacted]")
		}
	}
	return text
}

// Source returns the newest credentials of a process: those of the latest
// invocation that brought any, and before that those of the environment. FC sends
// new ones with every invocation. Those of the environment date from the start of
// the instance and expire after 36 hours. A Source is safe for concurrent use.
type Source struct {
	// environment is what the process was started with; possibly empty.
	environment Credentials
	// newest is nil until an invocation has brought credentials.
	newest atomic.Pointer[Credentials]
}

// NewSource returns a Source that falls back to the given credentials.
func NewSource(environment Credentials) *Source { return &Source{environment: environment} }

// Redact removes the source's credentials, old and new, from a text. s may be nil.
func (s *Source) Redact(text string) string {
	if s == nil {
		return text
	}
	return s.environment.Redact(s.Newest().Redact(text))
}

// Newest returns the newest credentials. They are empty if there never were any.
func (s *Source) Newest() Credentials {
	if c := s.newest.Load(); c != nil {
		return *c
	}
	return s.environment
}

// Update stores the credentials of an invocation. It ignores unusable ones. They
// stay valid after the invocation ends. s may be nil.
func (s *Source) Update(c Credentials) {
	if s == nil || !c.Usable() {
		return
	}
	if old := s.newest.Load(); old == nil || *old != c {
		s.newest.Store(&c)
	}
}
