// Package rampolicy decides what RAM policies allow, as far as ours go:
// statements that allow actions on resources, with StringLike and
// StringEquals conditions. Everything else in a policy is an error, so that
// nothing is judged that is not understood.
package rampolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Policy is a policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows actions on resources.
type Statement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string // operator, key, patterns
}

// Request is what somebody wants to do.
type Request struct {
	Action   string            // "oss:GetObject"
	Resource string            // "acs:oss:cn-hangzhou:123:bucket/key"
	Context  map[string]string // condition keys: "oss:Prefix"
}

// Grant is one action on one resource pattern of a policy.
type Grant struct{ Action, Resource string }

// Parse reads a policy document in JSON.
func Parse(document []byte) (Policy, error) {
	var p Policy
	dec := json.NewDecoder(strings.NewReader(string(document)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return p, fmt.Errorf("reading a policy: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return p, errors.New("reading a policy: more follows after it")
	}
	if p.Version != "1" {
		return p, fmt.Errorf("reading a policy: version %q is not 1", p.Version)
	}
	for _, s := range p.Statement {
		if err := s.validate(); err != nil {
			return p, fmt.Errorf("reading a policy: %w", err)
		}
	}
	return p, nil
}

func (s Statement) validate() error {
	if s.Effect != "Allow" {
		return fmt.Errorf("effect %q is not known here", s.Effect)
	}
	if len(s.Action) == 0 || len(s.Resource) == 0 {
		return errors.New("a statement names no action or no resource")
	}
	for operator := range s.Condition {
		if operator != "StringLike" && operator != "StringEquals" {
			return fmt.Errorf("condition %q is not known here", operator)
		}
	}
	return nil
}

// Grants lists everything that a policy allows, each action with each
// resource of its statement.
func (p Policy) Grants() []Grant {
	var list []Grant
	for _, s := range p.Statement {
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				list = append(list, Grant{action, resource})
			}
		}
	}
	return list
}

// Allows returns the grants by which a request is allowed; none: it is not.
func (p Policy) Allows(r Request) []Grant {
	var by []Grant
	for _, s := range p.Statement {
		if !s.met(r.Context) {
			continue
		}
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				if like(action, r.Action) && like(resource, r.Resource) {
					by = append(by, Grant{action, resource})
				}
			}
		}
	}
	return by
}

// met says whether the conditions hold. A key that the request does not have
// fails its condition.
func (s Statement) met(context map[string]string) bool {
	for operator, keys := range s.Condition {
		for key, patterns := range keys {
			value, given := context[key]
			matches := func(pattern string) bool {
				return operator == "StringEquals" && pattern == value || operator == "StringLike" && like(pattern, value)
			}
			if !given || !slices.ContainsFunc(patterns, matches) {
				return false
			}
		}
	}
	return true
}

// like matches * with any text, slashes included, and ? with one character.
func like(pattern, text string) bool {
	form := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`(?s)^` + form + `$`).MatchString(text)
}
