package access_test

import (
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"community-images/shared/access"
)

func TestNewTokens(t *testing.T) {
	t.Parallel()
	form, seen := regexp.MustCompile(`^ci_[0-9A-Za-z]{38}$`), map[string]bool{}
	for range 100 {
		token, err := access.NewToken(rand.Reader)
		if err != nil || !form.MatchString(token) || !access.HasValidChecksum(token) || seen[token] {
			t.Fatalf("%q, %v", token, err)
		}
		seen[token] = true
		if got, ok := access.ParseBearer([]string{"Bearer " + token}); !ok || got != token {
			t.Errorf("%q is not a bearer token", token)
		}
		for i := range token { // no slip of one character or two neighbours passes
			if b := []byte(token); b[i] != 'x' {
				b[i] = 'x'
				if access.HasValidChecksum(string(b)) {
					t.Errorf("%q passes for %q", b, token)
				}
			}
			if b := []byte(token); i > 0 && b[i] != b[i-1] {
				b[i], b[i-1] = b[i-1], b[i]
				if access.HasValidChecksum(string(b)) {
					t.Errorf("%q passes for %q", b, token)
				}
			}
		}
	}
	for _, other := range []string{"", "ci_", "ci_0", strings.Repeat("x", 41), "ci_" + strings.Repeat("é", 19)} {
		if access.HasValidChecksum(other) {
			t.Errorf("%q is taken for a token", other)
		}
	}
}

func TestNewKeysAreAccepted(t *testing.T) {
	t.Parallel()
	for range 100 {
		id, secret, err := access.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := access.ParseKeys(`[{"name":"x","id":"` + id + `","secret":"` + string(secret) +
			`"}]`); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestWithoutRandomBytesNothingIsMade(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	if token, err := access.NewToken(iotest.ErrReader(broken)); token != "" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", token, err)
	}
	if _, secret, err := access.NewKey(iotest.ErrReader(broken)); secret != "" || !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, secret, err := access.NewKey(strings.NewReader(strings.Repeat("a", 30))); secret != "" || err == nil {
		t.Error("a secret of too few random bytes")
	}
}

func TestScrub(t *testing.T) {
	t.Parallel()
	token, err := access.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                "",
		"nothing to hide, ci_ alone":      "nothing to hide, ci_ alone",
		"parameter " + token + " is not":  "parameter ci_… is not",
		token[:30] + "…":                  "ci_……",
		`"` + token + `","` + token + `"`: `"ci_…","ci_…"`,
	} {
		if got := access.RedactTokens(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// FuzzBearer: a header is taken for a token only if it is "Bearer" and one
// token of RFC 6750, and never finds one that was not given.
func FuzzBearer(f *testing.F) {
	list := tokens("a", "b")
	form := regexp.MustCompile(`^(?i:bearer) +[-A-Za-z0-9._~+/=]+ *$`)
	for _, seed := range []string{"Bearer token-a", "bearer  token-b ", "Basic token-a",
		"Bearer token-a,Bearer token-b", "Bearer", "",
		"token-a", "bEaReR token-b", "Bearer token-a\n", "Bearer\ttoken-a", "Bearer token-a\xff", "Bea\u0280er token-a",
		" Bearer token-a", "Bearer ===", "Bearer token-a\u00a0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, ok := access.ParseBearer([]string{header})
		if ok != form.MatchString(header) {
			t.Errorf("%q: %v", header, ok)
		}
		g, found := list.Find(token, time.Unix(0, 0))
		if found != (token == "token-a" || token == "token-b") || found && token != "token-"+g.Name {
			t.Errorf("%q: %v", header, g)
		}
		if _, ok := access.ParseBearer([]string{header, header}); ok {
			t.Errorf("%q twice is taken", header)
		}
	})
}
