package access

import "crypto/subtle"

// Secret is a text that printing and encoding never show. Convert it to string
// where it is used.
type Secret string

// String implements fmt.Stringer.
func (Secret) String() string { return "[secret]" }

// GoString implements fmt.GoStringer, for %#v.
func (Secret) GoString() string { return "[secret]" }

// MarshalText implements encoding.TextMarshaler, for JSON and loggers.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Key is an access key that the operator has issued for this service. Alibaba
// Cloud does not know it.
type Key struct {
	// ID is sent with every request and is not secret.
	ID string
	// Secret signs requests and is never sent.
	Secret Secret
	// Grant is what the holder may ask about.
	Grant Grant
}

// Keys are the accepted access keys.
type Keys []Key

// Find returns the key with an id. It compares every entry, so that its time
// tells nothing.
func (k Keys) Find(id string) (*Key, bool) {
	at := -1
	for i := range k {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare([]byte(id), []byte(k[i].ID)), i, at)
	}
	if at < 0 {
		return nil, false
	}
	return &k[at], true
}

// Secret returns the secret of an id, as acsauth.Lookup wants it.
func (k Keys) Secret(id string) (secret string, ok bool) {
	key, ok := k.Find(id)
	if !ok {
		return "", false
	}
	return string(key.Secret), true
}
