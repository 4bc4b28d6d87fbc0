package main

import (
	"io"
	"strconv"
	"strings"
)

// redactor replaces secrets in texts.
type redactor struct {
	// pairs has, in turn, what is replaced and its replacement.
	pairs []string
}

// add adds a secret, also as it looks on one line and within quotes.
func (r *redactor) add(secret string) {
	if len(secret) < 4 { // a shorter one would spoil ordinary words
		return
	}
	// Errors are printed on one line, and ROS quotes the values that it repeats.
	oneLine, quoted := strings.Join(strings.Fields(secret), " "), strconv.Quote(secret)
	for _, text := range []string{secret, oneLine, quoted[1 : len(quoted)-1]} {
		r.pairs = append(r.pairs, text, "[redacted]")
	}
}

// redact returns the text without the secrets.
func (r *redactor) redact(text string) string { return strings.NewReplacer(r.pairs...).Replace(text) }

// redactingWriter removes secrets from what is written to w. Each Write must
// have whole lines, as those of fmt have.
type redactingWriter struct {
	w       io.Writer
	secrets *redactor
}

// Write writes the redacted text. It returns len(p), not the number of bytes
// written to w.
func (r redactingWriter) Write(p []byte) (int, error) {
	_, err := io.WriteString(r.w, r.secrets.redact(string(p)))
	return len(p), err
}
