package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// makeTokens returns a file with the value of QUERY_TOKENS, a token that is valid and one that
// has expired.
func makeTokens(t *testing.T) (file, valid, expired string) {
	t.Helper()
	setting, valid := makeToken(t, "", "-name", "test")
	setting, expired = makeToken(t, setting, "-name", "old", "-add", "-expires", "2099-01-01")
	setting = strings.Replace(setting, "2099-", "2020-", 1)
	file = filepath.Join(t.TempDir(), "tokens.json")
	if err := os.WriteFile(file, []byte(setting), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, valid, expired
}

// makeToken returns the value of QUERY_TOKENS with one more token, and the token.
func makeToken(t *testing.T, before string, args ...string) (setting, token string) {
	t.Helper()
	var secret strings.Builder
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"run", "community-images/scripts/token"}, args...)...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(before), &secret
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err, secret.String())
	}
	for word := range strings.FieldsSeq(secret.String()) {
		if strings.HasPrefix(word, "ci_") {
			return string(out), word
		}
	}
	t.Fatalf("no token in %q", secret.String())
	return "", ""
}
