package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"community-images/shared/access"
	"community-images/shared/acsauth"
	"community-images/shared/cloud"
)

const (
	cookieName = "community-images-open"
	// secretParameter has the secret in the printed address.
	secretParameter = "open"
	// keyID is the access key id of clients that sign with the secret.
	keyID = "open"
)

// secrets are those of one start. Printing them shows none.
type secrets struct {
	text string // at least 128 random bits
	hash [sha256.Size]byte
	// host is a random name below localhost, which browsers resolve to loopback
	// themselves. They send a cookie to every port of a host, and other ports of
	// 127.0.0.1 may belong to other people. Nobody else knows this name.
	host        string
	credentials cloud.Credentials // of the caller, who may sign with them; may be empty
}

// newSecrets returns new secrets.
func newSecrets(c cloud.Credentials) *secrets {
	s := &secrets{text: rand.Text(), host: strings.ToLower(rand.Text()) + ".localhost", credentials: c}
	s.hash = sha256.Sum256([]byte(s.text))
	return s
}

// String implements fmt.Stringer.
func (*secrets) String() string { return "[secrets]" }

// GoString implements fmt.GoStringer, for %#v.
func (*secrets) GoString() string { return "[secrets]" }

// matches compares a text with the secret. Its time does not depend on either.
func (s *secrets) matches(text string) bool {
	hash := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(hash[:], s.hash[:]) == 1
}

// guard decides which requests may pass.
type guard struct {
	secrets *secrets
	hosts   []string // that requests may name, with the port
	nonces  nonces
	now     func() time.Time
}

// newGuard returns the guard of a gateway that listens on an address.
func newGuard(s *secrets, address string) *guard {
	_, port, _ := net.SplitHostPort(address) // the address of a listener has a port
	g := &guard{secrets: s, now: time.Now, nonces: nonces{until: map[string]time.Time{}}}
	for _, host := range []string{address, net.JoinHostPort("localhost", port), net.JoinHostPort(s.host, port)} {
		g.hosts = append(g.hosts, host)
		if port == "80" { // which clients leave out
			g.hosts = append(g.hosts, strings.TrimSuffix(host, ":80"))
		}
	}
	return g
}

// isOwnRequest reports whether a request is meant for the gateway, and does not
// come from a page of somebody else. A domain that resolves to 127.0.0.1 names
// another host.
func (g *guard) isOwnRequest(r *http.Request) bool {
	if !slices.Contains(g.hosts, strings.ToLower(r.Host)) {
		return false
	}
	if origins := r.Header.Values("Origin"); len(origins) > 0 &&
		(len(origins) > 1 || !strings.EqualFold(origins[0], "http://"+r.Host)) {
		return false
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "same-origin", "none": // none: the person typed the address
		return true
	}
	return false
}

// admission says what let a request in.
type admission int

const (
	byNothing   admission = iota // it may not pass
	bySecret                     // in a cookie or as a bearer token
	bySignature                  // with the secret or the caller's own access key
)

// admit decides whether a request may pass. complete says that body is all that
// was sent.
func (g *guard) admit(r *http.Request, body []byte, complete bool) admission {
	if token, ok := access.ParseBearer(r.Header.Values("Authorization")); ok && g.secrets.matches(token) {
		return bySecret
	}
	for _, c := range r.CookiesNamed(cookieName) {
		if g.secrets.matches(c.Value) {
			return bySecret
		}
	}
	if complete && g.isSigned(r, body) {
		return bySignature
	}
	return byNothing
}

// isSigned reports whether a client of E-HPC's API has signed the request, in
// either dialect, with the secret or with the caller's access key. Each signed
// request passes once.
func (g *guard) isSigned(r *http.Request, body []byte) bool {
	own := g.secrets.credentials
	signature, err := acsauth.Verify(r, body, func(id string) (string, bool) {
		switch {
		case id == keyID:
			return g.secrets.text, true
		case own.Usable() && id == own.AccessKeyID:
			return own.AccessKeySecret, true
		}
		return "", false
	}, g.now())
	if err != nil {
		return false
	}
	token := ""
	if signature.AccessKeyID == own.AccessKeyID {
		token = own.SecurityToken
	}
	if subtle.ConstantTimeCompare([]byte(signature.SecurityToken), []byte(token)) != 1 {
		return false
	}
	return g.nonces.accept(signature.Nonce, g.now())
}
