package catalog

import (
	"cmp"
	"fmt"
	"strings"
)

// Any stands for "no cluster" or "no instance type" wherever a scope is
// written as a path. It is therefore refused as a name.
const Any = "_any"

// MaxNameLength bounds region ids, cluster ids and instance types, in bytes.
const MaxNameLength = 128

// Scope is the exact question asked upstream. An empty ClusterID or
// InstanceType means that the parameter was not sent; E-HPC documents that as
// "supported by all", which cannot be derived from the other scopes.
type Scope struct {
	RegionID     string
	ClusterID    string
	InstanceType string
}

// Path names the scope within its region: "<cluster or _any>/<type or _any>".
func (s Scope) Path() string { return orAny(s.ClusterID) + "/" + orAny(s.InstanceType) }

// String is the region followed by the path.
func (s Scope) String() string { return s.RegionID + "/" + s.Path() }

// Validate reports the first part that may not become part of an object key.
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

// Compare orders scopes by region, cluster and instance type, "none" first.
func (s Scope) Compare(o Scope) int {
	return cmp.Or(
		cmp.Compare(s.RegionID, o.RegionID),
		cmp.Compare(s.ClusterID, o.ClusterID),
		cmp.Compare(s.InstanceType, o.InstanceType),
	)
}

// ParseScopePath is the inverse of Path for the given region.
func ParseScopePath(region, path string) (Scope, error) {
	cluster, instanceType, ok := strings.Cut(path, "/")
	if !ok {
		return Scope{}, fmt.Errorf("parsing scope %q: want <ClusterId or %s>/<InstanceType or %s>", path, Any, Any)
	}
	s := Scope{RegionID: region, ClusterID: orNone(cluster), InstanceType: orNone(instanceType)}
	if cluster == "" || instanceType == "" {
		return Scope{}, fmt.Errorf("parsing scope %q: a part is empty; write %s for none", path, Any)
	}
	return s, s.Validate()
}

// ValidateName checks a name that comes from outside and becomes part of an
// object key: letters, digits, '.', '_' and '-', at most MaxNameLength bytes,
// not "_any" and not a path step. what names it in the error.
func ValidateName(what, name string) error {
	bad := func(reason string) error {
		return fmt.Errorf("%s %q %s; allowed are 1 to %d characters of A-Z a-z 0-9 . _ -", what, clip(name), reason, MaxNameLength)
	}
	switch {
	case name == "":
		return bad("is empty")
	case len(name) > MaxNameLength:
		return bad("is too long")
	case name == Any || name == "." || name == "..":
		return bad("is reserved")
	}
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return bad("has a character that may not become part of an object key")
		}
	}
	return nil
}

func clip(s string) string {
	if len(s) > MaxNameLength {
		return s[:MaxNameLength] + "…"
	}
	return s
}

func orAny(name string) string {
	if name == "" {
		return Any
	}
	return name
}

func orNone(part string) string {
	if part == Any {
		return ""
	}
	return part
}
