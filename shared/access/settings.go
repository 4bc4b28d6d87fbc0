package access

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The members of an entry, as the README documents them.
const (
	tokenMembers = "name, sha256, regions, clusters, expires"
	keyMembers   = "name, id, secret, regions, clusters"
)

// ParseTokens reads the value of QUERY_TOKENS: a JSON array of objects with
// the members
//
//	name      who it is for; required, each once
//	sha256    of the token's bytes, 64 hexadecimal digits; required, each once
//	regions   array of region ids; absent: every region
//	clusters  array of cluster ids and "_any"; absent: every one
//	expires   an RFC 3339 time; absent: never
//
// The error joins every fault. It names entries by their number from 1 and
// members by name, and never shows a value: what stands in the wrong place may
// be a secret.
func ParseTokens(text string) (Tokens, error) {
	var list Tokens
	hashes := map[[32]byte]bool{}
	faults := eachEntry(text, tokenMembers, func(e *entry) {
		t := Token{Grant: e.grant()}
		hash, err := hex.DecodeString(e.text("sha256"))
		switch {
		case !e.has("sha256"):
			e.fault("sha256 is missing")
		case err != nil || len(hash) != len(t.Hash):
			e.fault("sha256 is not 64 hexadecimal digits; scripts/token prints the entry of a new token")
		default:
			copy(t.Hash[:], hash)
			if hashes[t.Hash] {
				e.fault("sha256 is that of an earlier entry")
			}
			hashes[t.Hash] = true
		}
		if e.has("expires") {
			if t.Expires, err = time.Parse(time.RFC3339, e.text("expires")); err != nil {
				e.fault("expires is not an RFC 3339 time such as 2027-01-31T00:00:00Z")
			}
		}
		list = append(list, t)
	})
	if faults != nil {
		return nil, faults
	}
	return list, nil
}

// ParseKeys reads the value of QUERY_ACCESS_KEYS: a JSON array of objects with
// the members
//
//	name      who it is for; required, each once
//	id        access key id, 8 to 64 letters, digits, dots, hyphens and
//	          underscores; required, each once
//	secret    at least 24 printable ASCII characters that are not all alike;
//	          required, each once
//	regions   array of region ids; absent: every region
//	clusters  array of cluster ids and "_any"; absent: every one
//
// Errors are as in ParseTokens.
func ParseKeys(text string) (Keys, error) {
	var list Keys
	ids, secrets := map[string]bool{}, map[string]bool{}
	faults := eachEntry(text, keyMembers, func(e *entry) {
		k := Key{ID: e.text("id"), Secret: Secret(e.text("secret")), Grant: e.grant()}
		switch {
		case !e.has("id"):
			e.fault("id is missing")
		case len(k.ID) < 8 || !name(k.ID, 64):
			e.fault("id is not 8 to 64 letters, digits, dots, hyphens and underscores")
		case ids[k.ID]:
			e.fault("id is that of an earlier entry")
		}
		switch {
		case !e.has("secret"):
			e.fault("secret is missing")
		case weak(string(k.Secret)):
			e.fault("secret is weak: it must have 24 to 128 printable ASCII characters without spaces, 12 of them different; scripts/token -key makes one")
		case string(k.Secret) == k.ID || secrets[string(k.Secret)]:
			e.fault("secret is used a second time")
		}
		ids[k.ID], secrets[string(k.Secret)] = true, true
		list = append(list, k)
	})
	if faults != nil {
		return nil, faults
	}
	return list, nil
}

// weak says whether a secret is too short or too plain to sign with, or has
// characters that people lose when they copy it.
func weak(secret string) bool {
	different := map[rune]bool{}
	for _, c := range secret {
		if c <= ' ' || c > '~' {
			return true
		}
		different[c] = true
	}
	return len(secret) < 24 || len(secret) > 128 || len(different) < 12
}

// entry is one object of a setting while it is read.
type entry struct {
	number  int
	members map[string]json.RawMessage
	faults  *[]error
}

func (e *entry) fault(format string, args ...any) {
	*e.faults = append(*e.faults, fmt.Errorf("entry %d: "+format, append([]any{e.number}, args...)...))
}

func (e *entry) has(member string) bool { return e.members[member] != nil }

// text is a member that is a string.
func (e *entry) text(member string) string {
	var s *string
	if raw, ok := e.members[member]; ok && (json.Unmarshal(raw, &s) != nil || s == nil) {
		e.fault("%s is not a string", member)
	}
	if s == nil {
		return ""
	}
	return *s
}

// grant reads the members that both settings have.
func (e *entry) grant() Grant {
	g := Grant{Name: e.text("name")}
	switch {
	case !e.has("name"):
		e.fault("name is missing")
	case !name(g.Name, 64):
		e.fault("name is not 1 to 64 letters, digits, dots, hyphens and underscores")
	}
	g.Regions = e.names("regions", "the id of a region such as cn-hangzhou", region)
	g.Clusters = e.names("clusters", "the id of a cluster or "+NoCluster, func(s string) bool { return name(s, 128) })
	return g
}

// names is a member that is an array of names. An empty one is a fault: it
// would read as nothing and mean everything.
func (e *entry) names(member, what string, valid func(string) bool) []string {
	raw, ok := e.members[member]
	if !ok {
		return nil
	}
	var list []*string
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		e.fault("%s is not an array of strings", member)
		return nil
	}
	if len(list) == 0 {
		e.fault("%s is empty; leave it out to cover all of them", member)
	}
	var names []string
	for i, s := range list {
		switch {
		case s == nil || !valid(*s):
			e.fault("%s: element %d is not %s", member, i+1, what)
		case slices.Contains(names, *s):
			e.fault("%s: element %d is a repetition", member, i+1)
		default:
			names = append(names, *s)
		}
	}
	return names
}

// eachEntry takes a setting apart and shows each entry to read, which adds
// faults. A second use of a name is a fault too.
func eachEntry(text, allowed string, read func(*entry)) error {
	objects, err := split(text)
	if err != nil {
		return err
	}
	var faults []error
	names := map[string]bool{}
	for i, raw := range objects {
		e := &entry{number: i + 1, faults: &faults}
		if e.members, err = members(raw, allowed); err != nil {
			e.fault("%w", err)
			if e.members == nil {
				continue
			}
		}
		read(e)
		var name string
		if json.Unmarshal(e.members["name"], &name) == nil && names[name] {
			e.fault("name is that of an earlier entry")
		}
		names[name] = true
	}
	return errors.Join(faults...)
}
