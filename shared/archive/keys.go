package archive

import (
	"fmt"
	"strings"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// layoutVersion is the step of every key after the prefix.
const layoutVersion = "v1"

// Keys builds and parses the keys below one prefix. Building and parsing are
// inverses. A part that must not stand in a key is refused, never escaped.
type Keys struct {
	// prefix is empty or ends with a slash, for example "x/y/".
	prefix string
}

// NewKeys returns the keys below a prefix, which may be empty. It returns an
// error unless the prefix is path steps of letters, digits, '.', '_' and '-'.
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

// Root returns the common prefix of all keys.
func (k Keys) Root() string { return k.prefix + layoutVersion + "/" }

// Aliases returns the key of the file in which the operator defines aliases. It is not below
// Root, so that whoever may read the archive need not be able to read it.
func (k Keys) Aliases() string { return k.prefix + "aliases.json" }

// Notify returns the key of the file in which the operator says who is told what. It has
// secrets, and is not below Root for the same reason.
func (k Keys) Notify() string { return k.prefix + "notify.json" }

// NotifyStatus returns the key of the object that says how the subscriptions to messages
// stand.
func (k Keys) NotifyStatus() string { return k.prefix + "notify/status.json" }

// NotifyCursor returns the key of what a subscription's receiver has been told. It returns
// an error if the name must not stand in a key.
func (k Keys) NotifyCursor(name string) (string, error) {
	return k.NotifyCursors() + name + ".json", catalog.ValidateName("subscription", name)
}

// NotifyCursors returns the common prefix of the keys of NotifyCursor.
func (k Keys) NotifyCursors() string { return k.prefix + "notify/cursors/" }

// Region returns the common prefix of all keys of one region. Like the methods
// below it returns an error if an argument must not stand in a key.
func (k Keys) Region(region string) (string, error) {
	if err := catalog.ValidateName("RegionId", region); err != nil {
		return "", err
	}
	return k.Root() + region + "/", nil
}

// Head returns the key of a region's head.
func (k Keys) Head(region string) (string, error) {
	root, err := k.Region(region)
	return root + "head.json", err
}

// Index returns the key of a region's index.
func (k Keys) Index(region string) (string, error) {
	root, err := k.Region(region)
	return root + "index.ndjson", err
}

// Log returns the key of one month of a region's commit log. month is like
// "2006-01".
func (k Keys) Log(region, month string) (string, error) {
	root, err := k.Region(region)
	if err != nil {
		return "", err
	}
	if !format.IsMonth(month) {
		return "", fmt.Errorf("month must be like 2006-01, got %q", month)
	}
	return root + "log/" + month + ".ndjson", nil
}

// MonthIndex returns the key of the index of one month of a region's commit log.
func (k Keys) MonthIndex(region, month string) (string, error) {
	root, err := k.Region(region)
	if err != nil {
		return "", err
	}
	if !format.IsMonth(month) {
		return "", fmt.Errorf("month must be like 2006-01, got %q", month)
	}
	return root + "history/" + month + ".ndjson", nil
}

// LogCopy returns the key of the copy of a log.
func (k Keys) LogCopy(region, month string) (string, error) {
	key, err := k.Log(region, month)
	return key + logCopySuffix, err
}

// Snapshot returns the key of a snapshot. digest is 64 lower-case hex digits.
func (k Keys) Snapshot(scope catalog.Scope, digest string) (string, error) {
	if err := scope.Validate(); err != nil {
		return "", err
	}
	if !format.IsDigest(digest) {
		return "", fmt.Errorf("digest must be 64 lower-case hex digits, got %q", digest)
	}
	return k.Root() + scope.RegionID + "/clusters/" + scope.Path() + "/" + digest + ".json", nil
}

// Kind is what a key names.
type Kind int

// The kinds of object in the archive. The zero Kind names nothing.
const (
	HeadKind Kind = iota + 1
	LogKind
	SnapshotKind
	IndexKind
	// LogCopyKind is the copy of a log that a Rewriter makes. It is gone when the log
	// has been rewritten.
	LogCopyKind
	// MonthIndexKind is the index of a month of the log.
	MonthIndexKind
)

// logCopySuffix follows the name of a log in the name of its copy.
const logCopySuffix = ".copy"

// ParsedKey has the parts of a key.
type ParsedKey struct {
	// Kind says which of the other fields are set.
	Kind Kind
	// Region is always set.
	Region string
	// Month is set for a log, for the copy of one, and for the index of one.
	Month string
	// Scope is set for a snapshot.
	Scope catalog.Scope
	// Digest is set for a snapshot.
	Digest string
}

// Parse is the inverse of Head, Index, Log, LogCopy, MonthIndex and Snapshot. It returns an error for
// every key that they would not build.
func (k Keys) Parse(key string) (ParsedKey, error) {
	rest, ok := strings.CutPrefix(key, k.Root())
	region, name, _ := strings.Cut(rest, "/")
	if ok && catalog.ValidateName("RegionId", region) == nil {
		if p, ok := parseName(region, name); ok {
			return p, nil
		}
	}
	return ParsedKey{}, fmt.Errorf("key %q is not one of this archive", key)
}

// parseName parses what follows a region in a key. It reports whether an object
// can have that name.
func parseName(region, name string) (p ParsedKey, ok bool) {
	p.Region = region
	steps := strings.Split(name, "/")
	switch {
	case name == "head.json":
		p.Kind = HeadKind
		return p, true
	case name == "index.ndjson":
		p.Kind = IndexKind
		return p, true
	case len(steps) == 2 && steps[0] == "log":
		p.Kind = LogKind
		name, isCopy := strings.CutSuffix(steps[1], logCopySuffix)
		if isCopy {
			p.Kind = LogCopyKind
		}
		p.Month, ok = strings.CutSuffix(name, ".ndjson")
		return p, ok && format.IsMonth(p.Month)
	case len(steps) == 2 && steps[0] == "history":
		p.Kind = MonthIndexKind
		p.Month, ok = strings.CutSuffix(steps[1], ".ndjson")
		return p, ok && format.IsMonth(p.Month)
	case len(steps) == 4 && steps[0] == "clusters":
		scope, err := catalog.ParseScopePath(region, steps[1]+"/"+steps[2])
		p.Kind, p.Scope = SnapshotKind, scope
		p.Digest, ok = strings.CutSuffix(steps[3], ".json")
		return p, ok && err == nil && format.IsDigest(p.Digest)
	}
	return p, false
}
