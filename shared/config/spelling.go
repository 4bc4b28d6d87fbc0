package config

import (
	"errors"
	"slices"
	"strings"

	"community-images/shared/editdistance"
)

// settingNames returns every setting of either function. Each function accepts
// the settings of the other, so that both can share one environment.
func settingNames() []string {
	return []string{
		"OSS_ENDPOINT", "OSS_REGION", "OSS_BUCKET", "OSS_PREFIX",
		"EHPC_REGIONS", "EHPC_ENDPOINT",
		"SNAPSHOT_CLUSTERS", "SNAPSHOT_UNSCOPED", "SNAPSHOT_INSTANCE_TYPES",
		"SNAPSHOT_QPS", "SNAPSHOT_CONCURRENCY", "SNAPSHOT_SHRINK_GUARD", "SNAPSHOT_RETENTION",
		"NOTIFY_PUBLIC_URL", "NOTIFY_ALLOW_PRIVATE",
		"QUERY_MAX_STALE", "QUERY_HEAD_TTL",
		"QUERY_TOKENS", "QUERY_ACCESS_KEYS", "QUERY_REDACT", "QUERY_GZIP",
	}
}

// checkSpelling reports names that are close to a setting. It ignores other
// names, for example OSS_ACCESS_KEY_ID of another program.
func checkSpelling(environ []string) error {
	var faults []error
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		if near := nearestSetting(name); near != "" {
			faults = append(faults, &Error{Setting: name, Reason: "is not a setting; did you mean " + near + "?"})
		}
	}
	return errors.Join(faults...)
}

// nearestSetting returns the setting that a name was probably meant to be, or "".
func nearestSetting(name string) string {
	upper := strings.ToUpper(name)
	ours := func(p string) bool { return strings.HasPrefix(upper, p) }
	// Names of other programs are not ours to judge.
	if !slices.ContainsFunc([]string{"SNAPSHOT_", "QUERY_", "NOTIFY_", "EHPC_", "OSS_"}, ours) {
		return ""
	}
	best, least := "", 3 // two slips of the finger, not more
	for _, known := range settingNames() {
		// The name is a setting, spelled right.
		if known == name {
			return ""
		}
		if d := editdistance.Distance(upper, known); d < least {
			best, least = known, d
		}
	}
	return best
}
