package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"community-images/shared/access"
)

// tokenEntry is an element of QUERY_TOKENS.
type tokenEntry struct {
	Name     string   `json:"name"`
	SHA256   string   `json:"sha256"`
	Regions  []string `json:"regions,omitempty"`
	Clusters []string `json:"clusters,omitempty"`
	Expires  string   `json:"expires,omitempty"`
}

// keyEntry is an element of QUERY_ACCESS_KEYS.
type keyEntry struct {
	Name     string   `json:"name"`
	ID       string   `json:"id"`
	Secret   string   `json:"secret"`
	Regions  []string `json:"regions,omitempty"`
	Clusters []string `json:"clusters,omitempty"`
}

const (
	maxSetting = 1 << 20 // bytes that are read
	// roomy is the size from which the setting may not fit: FC takes 4 KB for
	// all the environment variables of a function.
	roomy = 3 << 10
)

// issue makes a token or a key and writes the value of the setting to out and
// the secret to secret. Nothing is written unless the value is accepted.
func (o options) issue(in io.Reader, out, secret io.Writer, random io.Reader) error {
	var entries []json.RawMessage
	if o.add {
		var err error
		if entries, err = o.present(in); err != nil {
			return err
		}
	}
	entry, text, err := o.make(random)
	if err != nil {
		return err
	}
	value, err := encode(append(entries, entry))
	if err != nil {
		return err
	}
	if err := o.accepted(string(value)); err != nil {
		return fmt.Errorf("making %s: %w", o.setting(), err)
	}
	if _, err := fmt.Fprintf(out, "%s\n", value); err != nil {
		return fmt.Errorf("writing the setting: %w", err)
	}
	if len(value) > roomy {
		text += fmt.Sprintf("\n\n%s now has %d bytes; FC takes 4 KB for all settings of a function together.", o.setting(), len(value))
	}
	if _, err := fmt.Fprintln(secret, text); err != nil {
		return fmt.Errorf("writing the secret: %w", err)
	}
	return nil
}

func (o options) setting() string {
	if o.key {
		return "QUERY_ACCESS_KEYS"
	}
	return "QUERY_TOKENS"
}

// accepted asks what the function will ask.
func (o options) accepted(value string) (err error) {
	if o.key {
		_, err = access.ParseKeys(value)
	} else {
		_, err = access.ParseTokens(value)
	}
	return err
}

// present reads the value that is extended; empty: there is none yet.
func (o options) present(in io.Reader) (entries []json.RawMessage, err error) {
	text, err := io.ReadAll(io.LimitReader(in, maxSetting))
	if err != nil {
		return nil, fmt.Errorf("reading the present value: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if err := o.accepted(string(text)); err != nil {
		return nil, fmt.Errorf("reading the present value of %s: %w", o.setting(), err)
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, errors.New("reading the present value: it is not a JSON array")
	}
	return entries, nil
}

// make returns a new element of the setting, and what to tell about it once.
func (o options) make(random io.Reader) (entry json.RawMessage, text string, err error) {
	if !o.key {
		token, err := access.NewToken(random)
		if err != nil {
			return nil, "", err
		}
		entry, err := encode(tokenEntry{o.name, fmt.Sprintf("%x", sha256.Sum256([]byte(token))), o.regions, o.clusters, o.expires})
		return entry, "The token of " + o.name + ", shown this once; the setting holds its hash alone:\n" + token, err
	}
	id, secret, err := access.NewKey(random)
	if err != nil {
		return nil, "", err
	}
	entry, err = encode(keyEntry{o.name, id, string(secret), o.regions, o.clusters})
	return entry, "The access key of " + o.name + "; the setting holds its secret:\n" + id + "\n" + string(secret), err
}

func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding the setting: %w", err)
	}
	return data, nil
}

// check says whether a token has its checksum, and what its entry holds. It
// does not repeat the token.
func check(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(io.LimitReader(in, maxSetting))
	if err != nil {
		return fmt.Errorf("reading the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if !access.Intact(token) {
		return errors.New("this is no token of scripts/token, or it was copied with a slip")
	}
	_, err = fmt.Fprintf(out, "The token is intact; its sha256 is %x.\n", sha256.Sum256([]byte(token)))
	return err
}
