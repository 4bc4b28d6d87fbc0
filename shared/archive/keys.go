package archive

import (
	"fmt"
	"strings"
	"time"

	"community-images/shared/catalog"
)

const (
	version   = "v1"
	monthForm = "2006-01"
)

// Keys builds and parses the keys below one prefix. Building and parsing are
// inverses; a part that may not stand in a key is refused, never escaped.
type Keys struct {
	prefix string // "" or "x/y/"
}

// NewKeys checks the prefix: path steps of letters, digits, '.', '_' and '-'.
func NewKeys(prefix string) (Keys, error) {
	prefix = strings.Trim(prefix, "/")
	if prefix == "" {
		return Keys{}, nil
	}
	for step := range strings.SplitSeq(prefix, "/") {
		if err := catalog.ValidateName("prefix step", step); err != nil {
			return Keys{}, fmt.Errorf("prefix %q: %w", prefix, err)
		}
	}
	return Keys{prefix: prefix + "/"}, nil
}

// Root is the common beginning of every key.
func (k Keys) Root() string { return k.prefix + version + "/" }

// Region is the common beginning of every key of one region.
func (k Keys) Region(region string) (string, error) {
	if err := catalog.ValidateName("RegionId", region); err != nil {
		return "", err
	}
	return k.Root() + region + "/", nil
}

// Head is the key of a region's head.
func (k Keys) Head(region string) (string, error) {
	root, err := k.Region(region)
	return root + "head.json", err
}

// Index is the key of a region's index.
func (k Keys) Index(region string) (string, error) {
	root, err := k.Region(region)
	return root + "catalogue.ndjson", err
}

// Log is the key of one month of a region's commit log; month is "2006-01".
func (k Keys) Log(region, month string) (string, error) {
	root, err := k.Region(region)
	if err != nil {
		return "", err
	}
	if !validMonth(month) {
		return "", fmt.Errorf("month %q is not of the form yyyy-mm", month)
	}
	return root + "log/" + month + ".ndjson", nil
}

// Snapshot is the key of a snapshot; digest is 64 lower-case hex digits.
func (k Keys) Snapshot(scope catalog.Scope, digest string) (string, error) {
	if err := scope.Validate(); err != nil {
		return "", err
	}
	if !validDigest(digest) {
		return "", fmt.Errorf("digest %q is not 64 lower-case hex digits", digest)
	}
	return k.Root() + scope.RegionID + "/clusters/" + scope.Path() + "/" + digest + ".json", nil
}

// Kind says what a key names.
type Kind int

// The kinds of object in the archive.
const (
	HeadKind Kind = iota + 1
	LogKind
	SnapshotKind
	IndexKind
)

// ParsedKey is what a key says.
type ParsedKey struct {
	Kind   Kind
	Region string
	Month  string        // of a log
	Scope  catalog.Scope // of a snapshot
	Digest string        // of a snapshot
}

// Parse is the inverse of Head, Index, Log and Snapshot. It refuses every key that
// they would not build.
func (k Keys) Parse(key string) (ParsedKey, error) {
	foreign := fmt.Errorf("key %q is not one of this archive", key)
	rest, ok := strings.CutPrefix(key, k.Root())
	if !ok {
		return ParsedKey{}, foreign
	}
	steps := strings.Split(rest, "/")
	p := ParsedKey{Region: steps[0]}
	if catalog.ValidateName("RegionId", p.Region) != nil {
		return ParsedKey{}, foreign
	}
	switch {
	case len(steps) == 2 && steps[1] == "head.json":
		p.Kind = HeadKind
		return p, nil
	case len(steps) == 2 && steps[1] == "catalogue.ndjson":
		p.Kind = IndexKind
		return p, nil
	case len(steps) == 3 && steps[1] == "log":
		p.Kind = LogKind
		p.Month, ok = strings.CutSuffix(steps[2], ".ndjson")
		if ok && validMonth(p.Month) {
			return p, nil
		}
	case len(steps) == 5 && steps[1] == "clusters":
		scope, err := catalog.ParseScopePath(p.Region, steps[2]+"/"+steps[3])
		p.Kind, p.Scope = SnapshotKind, scope
		p.Digest, ok = strings.CutSuffix(steps[4], ".json")
		if err == nil && ok && validDigest(p.Digest) {
			return p, nil
		}
	}
	return ParsedKey{}, foreign
}

func validMonth(month string) bool {
	t, err := time.Parse(monthForm, month)
	return err == nil && t.Format(monthForm) == month
}

func validDigest(digest string) bool {
	if len(digest) != 64 {
		return false
	}
	for i := range len(digest) {
		if c := digest[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
