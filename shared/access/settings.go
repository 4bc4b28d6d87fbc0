package access

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The members of an entry, as shared/access/README.md documents them.
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
	faults := parseEntries(text, tokenMembers, func(e *settingEntry) {
		t := Token{Grant: e.parseGrant()}
		hash, err := hex.DecodeString(e.stringMember("sha256"))
		switch {
		case !e.has("sha256"):
			e.addFault("sha256 is missing")
		case err != nil || len(hash) != len(t.Hash):
			e.addFault("sha256 is not 64 hexadecimal digits; scripts/token prints the entry of a new token")
		default:
			copy(t.Hash[:], hash)
			if hashes[t.Hash] {
				e.addFault("sha256 is that of an earlier entry")
			}
			hashes[t.Hash] = true
		}
		if e.has("expires") {
			if t.Expires, err = time.Parse(time.RFC3339, e.stringMember("expires")); err != nil {
				e.addFault("expires is not an RFC 3339 time such as 2027-01-31T00:00:00Z")
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
	faults := parseEntries(text, keyMembers, func(e *settingEntry) {
		k := Key{ID: e.stringMember("id"), Secret: Secret(e.stringMember("secret")), Grant: e.parseGrant()}
		switch {
		case !e.has("id"):
			e.addFault("id is missing")
		case len(k.ID) < 8 || !isName(k.ID, 64):
			e.addFault("id is not 8 to 64 letters, digits, dots, hyphens and underscores")
		case ids[k.ID]:
			e.addFault("id is that of an earlier entry")
		}
		switch {
		case !e.has("secret"):
			e.addFault("secret is missing")
		case isWeakSecret(string(k.Secret)):
			e.addFault("secret is weak: it must have 24 to 128 printable ASCII characters without spaces, 12 of " +
				"them different; scripts/token -key makes one")
		case string(k.Secret) == k.ID || secrets[string(k.Secret)]:
			e.addFault("secret is used a second time")
		}
		ids[k.ID], secrets[string(k.Secret)] = true, true
		list = append(list, k)
	})
	if faults != nil {
		return nil, faults
	}
	return list, nil
}

// isWeakSecret reports whether a secret is too short or too simple to sign with,
// or has characters that are easily lost when it is copied.
func isWeakSecret(secret string) bool {
	different := map[rune]bool{}
	for _, c := range secret {
		if c <= ' ' || c > '~' {
			return true
		}
		different[c] = true
	}
	return len(secret) < 24 || len(secret) > 128 || len(different) < 12
}

// settingEntry is one object of a setting while it is parsed.
type settingEntry struct {
	number int // from 1
	// members are undecoded; absent ones are missing.
	members map[string]json.RawMessage
	faults  *[]error // of all entries
}

// addFault adds a fault of this entry.
func (e *settingEntry) addFault(format string, args ...any) {
	*e.faults = append(*e.faults, fmt.Errorf("entry %d: "+format, append([]any{e.number}, args...)...))
}

// has reports whether the entry has a member.
func (e *settingEntry) has(member string) bool { return e.members[member] != nil }

// stringMember returns a member that must be a string, or "" if it is absent.
func (e *settingEntry) stringMember(member string) string {
	var s *string
	if raw, ok := e.members[member]; ok && (json.Unmarshal(raw, &s) != nil || s == nil) {
		e.addFault("%s is not a string", member)
	}
	if s == nil {
		return ""
	}
	return *s
}

// parseGrant reads the members that both settings have.
func (e *settingEntry) parseGrant() Grant {
	g := Grant{Name: e.stringMember("name")}
	switch {
	case !e.has("name"):
		e.addFault("name is missing")
	case !isName(g.Name, 64):
		e.addFault("name is not 1 to 64 letters, digits, dots, hyphens and underscores")
	}
	g.Regions = e.nameList("regions", "the id of a region such as cn-hangzhou", isRegionID)
	g.Clusters = e.nameList("clusters", "the id of a cluster or "+NoCluster, func(s string) bool {
		return isName(s, 128)
	})
	return g
}

// nameList returns a member that must be an array of names. An empty array is a
// fault: it reads like nothing and would mean everything.
func (e *settingEntry) nameList(member, what string, valid func(string) bool) []string {
	raw, ok := e.members[member]
	if !ok {
		return nil
	}
	var list []*string
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		e.addFault("%s is not an array of strings", member)
		return nil
	}
	if len(list) == 0 {
		e.addFault("%s is empty; leave it out to cover all of them", member)
	}
	var names []string
	for i, s := range list {
		switch {
		case s == nil || !valid(*s):
			e.addFault("%s: element %d is not %s", member, i+1, what)
		case slices.Contains(names, *s):
			e.addFault("%s: element %d is a repetition", member, i+1)
		default:
			names = append(names, *s)
		}
	}
	return names
}

// parseEntries calls read for each entry of a setting; read may add faults. It
// returns all faults together. A repeated name is a fault.
func parseEntries(text, allowed string, read func(*settingEntry)) error {
	objects, err := splitArray(text)
	if err != nil {
		return err
	}
	var faults []error
	names := map[string]bool{}
	for i, raw := range objects {
		e := &settingEntry{number: i + 1, faults: &faults}
		if e.members, err = parseMembers(raw, allowed); err != nil {
			e.addFault("%w", err)
			if e.members == nil {
				continue
			}
		}
		read(e)
		var name string
		if json.Unmarshal(e.members["name"], &name) == nil && names[name] {
			e.addFault("name is that of an earlier entry")
		}
		names[name] = true
	}
	return errors.Join(faults...)
}
