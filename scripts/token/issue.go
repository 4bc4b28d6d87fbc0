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
	Name string `json:"name"`
	// SHA256 is the hash of the token, in hexadecimal digits.
	SHA256 string `json:"sha256"`
	// Regions and Clusters are absent if they are not limited. See access.Grant.
	Regions  []string `json:"regions,omitempty"`
	Clusters []string `json:"clusters,omitempty"`
	// Expires is an RFC 3339 time, or absent.
	Expires string `json:"expires,omitempty"`
}

// keyEntry is an element of QUERY_ACCESS_KEYS.
type keyEntry struct {
	Name string `json:"name"`
	// ID begins with "CIAK".
	ID string `json:"id"`
	// Secret is stored as it is: signatures cannot be verified with a hash.
	Secret   string   `json:"secret"`
	Regions  []string `json:"regions,omitempty"`
	Clusters []string `json:"clusters,omitempty"`
}

const (
	// maxSettingBytes bounds what is read from standard input.
	maxSettingBytes = 1 << 20
	// warnBytes is the size above which the setting may not fit: FC allows 4 KB for
	// all environment variables of a function together.
	warnBytes = 3 << 10
)

// issue makes a token or a key. It writes the value of the setting to s.out and the
// secret to s.secret. It writes nothing if the query function would refuse the value.
func (o *options) issue(s streams) error {
	// Entries that exist are kept byte for byte.
	var entries []json.RawMessage
	if o.add {
		var err error
		if entries, err = o.readCurrent(s.in); err != nil {
			return err
		}
	}
	// text is for the person; it is the only place with the secret of a token.
	entry, text, err := o.newEntry(s.random)
	if err != nil {
		return err
	}
	value, err := encode(append(entries, entry))
	if err != nil {
		return err
	}
	// Check the whole setting: the new name may be taken, for example.
	if err := o.validate(string(value)); err != nil {
		return fmt.Errorf("making %s: %w", o.settingName(), err)
	}
	// First the setting: a secret whose setting was lost is of no use.
	if _, err := fmt.Fprintf(s.out, "%s\n", value); err != nil {
		return fmt.Errorf("writing the setting: %w", err)
	}
	// The setting is valid, but a deployment with it may fail.
	if len(value) > warnBytes {
		text += fmt.Sprintf("\n\n%s now has %d bytes; FC takes 4 KB for all settings of a function together.",
			o.settingName(), len(value))
	}
	if _, err := fmt.Fprintln(s.secret, text); err != nil {
		return fmt.Errorf("writing the secret: %w", err)
	}
	return nil
}

// settingName returns the name of the setting that the entry belongs to.
func (o *options) settingName() string {
	if o.key {
		return "QUERY_ACCESS_KEYS"
	}
	return "QUERY_TOKENS"
}

// validate checks the value as the query function does at start.
func (o *options) validate(value string) (err error) {
	if o.key {
		_, err = access.ParseKeys(value)
	} else {
		_, err = access.ParseTokens(value)
	}
	return err
}

// readCurrent reads the value that is extended. Empty input means that there is
// none yet.
func (o *options) readCurrent(in io.Reader) (entries []json.RawMessage, err error) {
	text, err := io.ReadAll(io.LimitReader(in, maxSettingBytes))
	if err != nil {
		return nil, fmt.Errorf("reading the present value: %w", err)
	}
	// Then the first token is made in the same way as all others.
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if err := o.validate(string(text)); err != nil {
		return nil, fmt.Errorf("reading the present value of %s: %w", o.settingName(), err)
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, errors.New("reading the present value: it is not a JSON array")
	}
	return entries, nil
}

// newEntry makes a new element of the setting, and a text with its secret for the
// person who runs the command.
func (o *options) newEntry(random io.Reader) (entry json.RawMessage, text string, err error) {
	// A token: the setting gets its hash only.
	if !o.key {
		token, err := access.NewToken(random)
		if err != nil {
			return nil, "", err
		}
		entry, err := encode(tokenEntry{o.name, fmt.Sprintf("%x", sha256.Sum256([]byte(token))), o.regions, o.clusters,
			o.expires})
		return entry, "The token of " + o.name + ", shown this once; the setting holds its hash alone:\n" + token, err
	}
	// A key: the setting gets the secret itself.
	id, secret, err := access.NewKey(random)
	if err != nil {
		return nil, "", err
	}
	entry, err = encode(keyEntry{o.name, id, string(secret), o.regions, o.clusters})
	return entry, "The access key of " + o.name + "; the setting holds its secret:\n" + id + "\n" + string(secret), err
}

// encode returns v as JSON.
func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding the setting: %w", err)
	}
	return data, nil
}

// checkToken returns an error if the token on in has a wrong checksum. Otherwise it
// prints the SHA-256 that its entry holds, and never the token itself.
func checkToken(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(io.LimitReader(in, maxSettingBytes))
	if err != nil {
		return fmt.Errorf("reading the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	// Only tokens of this command have a checksum.
	if !access.HasValidChecksum(token) {
		return errors.New("this is not a token of scripts/token, or it was copied with a mistake")
	}
	_, err = fmt.Fprintf(out, "The token is intact; its sha256 is %x.\n", sha256.Sum256([]byte(token)))
	return err
}
