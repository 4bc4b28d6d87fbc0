package subscription

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	// Path is where it is, for example Subscriptions[0].Filter.kind[1]. It is empty for the
	// whole file.
	Path string
	// Value is what was given, as it is shown. It is empty if nothing was, and for secrets.
	Value string
	// Reason completes a sentence that begins with the value.
	Reason string
	// Allowed is what is allowed. It is empty if Reason says it.
	Allowed string
}

// Error implements error.
func (f *Fault) Error() string {
	path := f.Path
	if path == "" {
		path = "notify.json"
	}
	value := f.Value
	if value != "" {
		value += " "
	}
	text := path + ": " + value + f.Reason
	if f.Allowed != "" {
		text += "; allowed: " + f.Allowed
	}
	return text
}

// reader reads the values of a file and collects the faults.
type reader struct {
	options Options
	faults  []error
	cost    int // of the expressions of all filters
}

// err returns all faults as one error.
func (r *reader) err() error { return errors.Join(r.faults...) }

// addFault adds a fault.
func (r *reader) addFault(path, value, reason, allowed string) {
	r.faults = append(r.faults, &Fault{path, value, reason, allowed})
}

// hasFault reports whether a path has a fault already.
func (r *reader) hasFault(path string) bool {
	return slices.ContainsFunc(r.faults, func(err error) bool {
		var f *Fault
		return errors.As(err, &f) && f.Path == path
	})
}

// quote shows a value that was given.
func quote(text string) string {
	const most = 80
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}

// object reads an object that has some members only. It returns nil if it is none.
func (r *reader) object(path string, raw json.RawMessage, members ...string) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || m == nil {
		r.addFault(path, "", "is not an object", "a JSON object with "+strings.Join(members, ", "))
		return nil
	}
	for _, name := range sortedKeys(m) {
		if !slices.Contains(members, name) {
			r.addFault(join(path, name), "", "is not known", strings.Join(members, ", "))
		}
	}
	return m
}

// join returns the path of a member.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// sortedKeys returns the names of the members of an object.
func sortedKeys(m map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(m))
	for name := range m {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	return keys
}

// array reads a list, which may be absent.
func (r *reader) array(path string, raw json.RawMessage, most int) (list []json.RawMessage) {
	if raw == nil {
		return nil
	}
	if json.Unmarshal(raw, &list) != nil || list == nil {
		r.addFault(path, "", "is not a list", fmt.Sprintf("a list of at most %d", most))
	}
	if len(list) > most {
		r.addFault(path, fmt.Sprintf("%d elements", len(list)), "are too many", fmt.Sprintf("at most %d", most))
		return nil
	}
	return list
}

// text reads a string, which may be absent.
func (r *reader) text(path string, raw json.RawMessage) (s string) {
	if raw == nil {
		return ""
	}
	if string(raw) == "null" || json.Unmarshal(raw, &s) != nil {
		r.addFault(path, "", "is not text", "a JSON string")
	}
	return s
}

// requiredText reads a string that must not be empty.
func (r *reader) requiredText(path string, raw json.RawMessage, allowed string) (s string, ok bool) {
	s = r.text(path, raw)
	if s == "" && !r.hasFault(path) {
		r.addFault(path, "", "is missing", allowed)
	}
	return s, s != ""
}

// choice reads one of some values. An absent one has the default; without a default it is a
// fault.
func (r *reader) choice(path string, raw json.RawMessage, def string, values []string) string {
	allowed := strings.Join(values, ", ")
	if raw == nil && def != "" {
		return def
	}
	text, ok := r.requiredText(path, raw, allowed)
	if ok && !slices.Contains(values, text) {
		r.addFault(path, quote(text), "is not known", allowed)
	}
	return text
}
