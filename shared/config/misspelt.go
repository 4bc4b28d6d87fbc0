package config

import (
	"errors"
	"slices"
	"strings"

	"community-images/shared/slip"
)

// names of every setting of either function, as in the README's table. Each
// function accepts the other's, so that both can share one environment.
func names() []string {
	return []string{
		"OSS_ENDPOINT", "OSS_BUCKET", "OSS_PREFIX",
		"EHPC_REGIONS", "EHPC_ENDPOINT",
		"SNAPSHOT_CLUSTERS", "SNAPSHOT_UNSCOPED", "SNAPSHOT_INSTANCE_TYPES",
		"SNAPSHOT_QPS", "SNAPSHOT_CONCURRENCY", "SNAPSHOT_SHRINK_GUARD", "SNAPSHOT_RETENTION",
		"QUERY_MAX_STALE", "QUERY_HEAD_TTL",
		"QUERY_TOKENS", "QUERY_ACCESS_KEYS", "QUERY_REDACT", "QUERY_GZIP",
	}
}

// misspelt reports names that are close to a setting but none. A name that is
// close to none, such as another program's OSS_ACCESS_KEY_ID, is not ours.
func misspelt(environ []string) error {
	var faults []error
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		if near := nearest(name); near != "" {
			faults = append(faults, &Error{Setting: name, Reason: "is not a setting; did you mean " + near + "?"})
		}
	}
	return errors.Join(faults...)
}

// nearest is the setting that name was probably meant to be, or "".
func nearest(name string) string {
	upper := strings.ToUpper(name)
	ours := func(p string) bool { return strings.HasPrefix(upper, p) }
	if !slices.ContainsFunc([]string{"SNAPSHOT_", "QUERY_", "EHPC_", "OSS_"}, ours) {
		return ""
	}
	best, least := "", 3 // two slips of the finger, not more
	for _, known := range names() {
		if known == name {
			return ""
		}
		if d := slip.Distance(upper, known); d < least {
			best, least = known, d
		}
	}
	return best
}
