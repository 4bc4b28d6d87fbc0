package fcrun

import (
	"context"
	"sync/atomic"
)

// Credentials are an Alibaba Cloud access key, with a security token if it is
// a temporary one. Printing them in any form prints nothing of them.
type Credentials struct {
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string
}

// String implements fmt.Stringer.
func (Credentials) String() string { return "[credentials]" }

// GoString implements fmt.GoStringer, for %#v.
func (Credentials) GoString() string { return "[credentials]" }

// MarshalText implements encoding.TextMarshaler, for JSON and loggers.
func (Credentials) MarshalText() ([]byte, error) { return []byte("[credentials]"), nil }

func (c Credentials) usable() bool { return c.AccessKeyID != "" && c.AccessKeySecret != "" }

// Source hands out the newest credentials of a process: those of the latest
// invocation that brought any, before that those of the environment. FC renews
// them with every invocation, while those of the environment date from the
// start of the instance and expire after 36 hours. A Source is safe for
// concurrent use; an invocation's end changes nothing, because a token outlives
// the invocation that brought it.
type Source struct {
	environment Credentials
	newest      atomic.Pointer[Credentials]
}

// NewSource returns a Source that falls back to the given credentials.
func NewSource(environment Credentials) *Source { return &Source{environment: environment} }

// Newest returns the newest credentials; empty ones if there never were any.
func (s *Source) Newest() Credentials {
	if c := s.newest.Load(); c != nil {
		return *c
	}
	return s.environment
}

// keep remembers the credentials of an invocation. s may be nil.
func (s *Source) keep(c Credentials) {
	if s == nil || !c.usable() {
		return
	}
	if old := s.newest.Load(); old == nil || *old != c {
		s.newest.Store(&c)
	}
}

// CredentialsFrom returns the credentials of the invocation that ctx belongs
// to; ok is false if it brought none.
func CredentialsFrom(ctx context.Context) (c Credentials, ok bool) {
	c = InvocationFrom(ctx).Credentials
	return c, c.usable()
}
