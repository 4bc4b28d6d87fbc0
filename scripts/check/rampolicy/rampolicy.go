// Package rampolicy evaluates RAM policies: what requests they allow.
//
// It supports what our policies use: statements that allow actions on
// resources, with the conditions StringLike and StringEquals. Everything else
// in a policy is an error.
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
	// Version of the policy language; always "1".
	Version string
	// Statement allows a request if any of them does. There is no denial.
	Statement []Statement
}

// Statement allows actions on resources.
type Statement struct {
	// Effect is always "Allow".
	Effect string
	// Action has names of operations, possibly with wildcards: "oss:Get*".
	Action []string
	// Resource has patterns of ARNs: "acs:oss:*:*:bucket/*".
	Resource  []string
	Condition map[string]map[string][]string // operator, key, patterns
}

// Request is an action on a resource.
type Request struct {
	Action   string            // "oss:GetObject"
	Resource string            // "acs:oss:cn-hangzhou:123:bucket/key"
	Context  map[string]string // condition keys: "oss:Prefix"
}

// Grant is one action on one resource pattern of a policy.
// Both are patterns, as the policy has them.
type Grant struct{ Action, Resource string }

// Parse reads a policy document in JSON.
func Parse(document []byte) (Policy, error) {
	var p Policy
	dec := json.NewDecoder(strings.NewReader(string(document)))
	// An unknown key, for example NotAction, would change the meaning.
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return p, fmt.Errorf("reading a policy: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return p, errors.New("reading a policy: data follows after it")
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

// validate returns an error if the statement has something that this package
// does not support.
func (s Statement) validate() error {
	if s.Effect != "Allow" {
		return fmt.Errorf("effect %q is not supported", s.Effect)
	}
	if len(s.Action) == 0 || len(s.Resource) == 0 {
		return errors.New("a statement names no action or no resource")
	}
	for operator := range s.Condition {
		if operator != "StringLike" && operator != "StringEquals" {
			return fmt.Errorf("condition %q is not supported", operator)
		}
	}
	return nil
}

// Grants returns everything that a policy allows: each action with each
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

// Allows returns the grants that allow a request. It returns none if the
// request is not allowed.
func (p Policy) Allows(r Request) []Grant {
	var grants []Grant
	for _, s := range p.Statement {
		if !s.conditionsHold(r.Context) {
			continue
		}
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				if matchPattern(action, r.Action) && matchPattern(resource, r.Resource) {
					grants = append(grants, Grant{action, resource})
				}
			}
		}
	}
	return grants
}

// conditionsHold reports whether all conditions hold. A condition on a key that
// the request does not have does not hold.
func (s Statement) conditionsHold(context map[string]string) bool {
	for operator, keys := range s.Condition {
		for key, patterns := range keys {
			value, given := context[key]
			matches := func(pattern string) bool {
				return operator == "StringEquals" && pattern == value ||
					operator == "StringLike" && matchPattern(pattern, value)
			}
			if !given || !slices.ContainsFunc(patterns, matches) {
				return false
			}
		}
	}
	return true
}

// matchPattern reports whether a text matches a pattern. * matches any text,
// slashes included, and ? one character.
func matchPattern(pattern, text string) bool {
	// Quote first, then turn the quoted wildcards into expressions.
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`(?s)^` + expression + `$`).MatchString(text)
}
