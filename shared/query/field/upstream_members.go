package field

import (
	"strings"

	"community-images/shared/jsonscan"
)

// UpstreamPrefix stands before the name of a member of E-HPC that answers add to
// images themselves: its Clusters is shown as UpstreamClusters. So nothing that
// E-HPC sent is dropped, and a reader knows who says what. E-HPC has sent no such
// image yet.
const UpstreamPrefix = "Upstream"

// UpstreamName returns the name under which a member of an image, or a change of
// it, is shown. No two members get one name: UpstreamClusters of E-HPC becomes
// UpstreamUpstreamClusters.
func UpstreamName(name string) string {
	own := name
	for strings.HasPrefix(own, UpstreamPrefix) {
		own = own[len(UpstreamPrefix):]
	}
	own, _, _ = strings.Cut(own, ".") // a change can be of a member of an object
	switch own {
	case ColumnClusters, ColumnInstanceTypes, ColumnContentDiffers, ColumnOffers, FirstSeen, ChangedAt:
		return UpstreamPrefix + name
	}
	return name
}

// MayBeRenamed returns true if an image may have a member that UpstreamName
// renames. It may be wrong in saying true, never in saying false.
func MayBeRenamed(raw string) bool {
	return strings.Contains(raw, ColumnClusters+`":`) || strings.Contains(raw, ColumnInstanceTypes+`":`) ||
		strings.Contains(raw, ColumnContentDiffers+`":`) || strings.Contains(raw, ColumnOffers+`":`) ||
		strings.Contains(raw, FirstSeen+`":`) || strings.Contains(raw, ChangedAt+`":`)
}

// AppendUpstreamImage appends an image as E-HPC sent it, with its members under
// the names of UpstreamName.
func AppendUpstreamImage(b []byte, raw string) []byte {
	if !MayBeRenamed(raw) {
		return append(b, raw...)
	}
	return append(AppendUpstreamMembers(b, raw), '}')
}

// AppendUpstreamMembers is AppendUpstreamImage without the closing brace, so that
// members can be added.
func AppendUpstreamMembers(b []byte, raw string) []byte {
	separator := byte('{')
	for name, value := range jsonscan.Members(raw) {
		b = append(b, separator)
		b = append(append(AppendString(b, UpstreamName(name)), ':'), value...)
		separator = ','
	}
	return b
}
