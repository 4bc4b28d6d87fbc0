package buckettest

import (
	"bytes"
	"regexp"

	"community-images/shared/catalog"
)

var (
	snapshotKeyPattern = regexp.MustCompile(`/clusters/.*/[0-9a-f]{64}\.json$`)
	logKeyPattern      = regexp.MustCompile(`/log/\d{4}-\d{2}\.ndjson$`)
)

// isLogKey reports whether key names a log.
func isLogKey(key string) bool { return logKeyPattern.MatchString(key) }

// checkWrite checks a Put or Create against the rules of the archive. A damaged
// snapshot may be replaced: that is how it is repaired. mu must be held.
func (m *Memory) checkWrite(verb, key string, data []byte) {
	old, taken := m.objects[key]
	if taken && snapshotKeyPattern.MatchString(key) && !bytes.Equal(old.data, data) {
		if _, err := catalog.DecodeSnapshot(old.data, nil); err == nil {
			m.reportViolation("%s overwrites snapshot %q with other bytes", verb, key)
		}
	}
	if isLogKey(key) {
		m.reportViolation("%s writes log %q, which may only be appended to", verb, key)
	}
}
