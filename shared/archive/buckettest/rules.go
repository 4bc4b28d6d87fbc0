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

func isLogKey(key string) bool { return logKeyPattern.MatchString(key) }

// checkWrite holds Put and Create to the laws of the archive. A damaged
// snapshot may be replaced: that is how it is repaired.
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
