package catalog

import (
	"cmp"
	"fmt"
	"strings"
)

// Any stands for "no cluster" or "no instance type" where a scope is written as a
// path. It is not allowed as a name.
const Any = "_any"

// MaxNameLength bounds region ids, cluster ids and instance types, in bytes.
const MaxNameLength = 128

// Scope is one question to E-HPC. An empty ClusterID or InstanceType means that
// the parameter is not sent. E-HPC answers that with what all clusters or types
// support, which cannot be derived from the other scopes.
type Scope struct {
	RegionID     string // never empty
	ClusterID    string // empty: no cluster is named
	InstanceType string // empty: no type is named
}

// Path returns "<cluster or _any>/<type or _any>".
func (s Scope) Path() string { return pathPart(s.ClusterID) + "/" + pathPart(s.InstanceType) }

// String returns the region and the path.
func (s Scope) String() string { return s.RegionID + "/" + s.Path() }

// Validate returns an error for the first part that must not become part of an
// object key.
func (s Scope) Validate() error {
	if err := ValidateName("RegionId", s.RegionID); err != nil {
		return err
	}
	if s.ClusterID != "" {
		if err := ValidateName("ClusterId", s.ClusterID); err != nil {
			return err
		}
	}
	if s.InstanceType != "" {
		return ValidateName("InstanceType", s.InstanceType)
	}
	return nil
}

// Compare orders scopes by region, cluster and instance type. Empty ones come
// first.
func (s Scope) Compare(o Scope) int {
	return cmp.Or(
		cmp.Compare(s.RegionID, o.RegionID),
		cmp.Compare(s.ClusterID, o.ClusterID),
		cmp.Compare(s.InstanceType, o.InstanceType),
	)
}

// ParseScopePath parses what Path returned.
func ParseScopePath(region, path string) (Scope, error) {
	cluster, instanceType, ok := strings.Cut(path, "/")
	if !ok {
		return Scope{}, fmt.Errorf("parsing scope %q: want <ClusterId or %s>/<InstanceType or %s>", path, Any, Any)
	}
	s := Scope{RegionID: region, ClusterID: parsePathPart(cluster), InstanceType: parsePathPart(instanceType)}
	if cluster == "" || instanceType == "" {
		return Scope{}, fmt.Errorf("parsing scope %q: a part is empty; write %s for none", path, Any)
	}
	return s, s.Validate()
}

// ValidateName checks a name that comes from outside and becomes part of an
// object key. Allowed are letters, digits, '.', '_' and '-', at most
// MaxNameLength bytes, but not "_any", "." or "..". what names the value in the
// error.
func ValidateName(what, name string) error {
	bad := func(reason string) error {
		return fmt.Errorf("%s %q %s; allowed are 1 to %d characters of A-Z a-z 0-9 . _ -", what, shorten(name), reason,
			MaxNameLength)
	}
	switch {
	case name == "":
		return bad("is empty")
	case len(name) > MaxNameLength:
		return bad("is too long")
	case name == Any || name == "." || name == "..":
		return bad("is reserved")
	}
	if strings.Trim(name, nameCharacters) != "" {
		return bad("has a character that must not become part of an object key")
	}
	return nil
}

// nameCharacters are the characters of names.
const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// shorten cuts a text that is repeated in an error.
func shorten(s string) string {
	if len(s) > MaxNameLength {
		return s[:MaxNameLength] + "…"
	}
	return s
}

// pathPart returns the part of a path for a cluster or instance type.
func pathPart(name string) string {
	if name == "" {
		return Any
	}
	return name
}

// parsePathPart returns the cluster or instance type of a part of a path.
func parsePathPart(part string) string {
	if part == Any {
		return ""
	}
	return part
}
