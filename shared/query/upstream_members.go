package query

import (
	"strings"

	"community-images/shared/jsonscan"
)

// upstreamPrefix stands before the name of a member of E-HPC that answers add to
// images themselves: its Clusters is shown as UpstreamClusters. So nothing that
// E-HPC sent is dropped, and a reader knows who says what. E-HPC has sent no such
// image yet.
const upstreamPrefix = "Upstream"

// upstreamName returns the name under which a member of an image, or a change of
// it, is shown. No two members get one name: UpstreamClusters of E-HPC becomes
// UpstreamUpstreamClusters.
func upstreamName(name string) string {
	own := name
	for strings.HasPrefix(own, upstreamPrefix) {
		own = own[len(upstreamPrefix):]
	}
	own, _, _ = strings.Cut(own, ".") // a change can be of a member of an object
	switch own {
	case columnClusters, columnInstanceTypes, columnContentDiffers:
		return upstreamPrefix + name
	}
	return name
}

// mayBeRenamed returns true if an image may have a member that upstreamName
// renames. It may be wrong in saying true, never in saying false.
func mayBeRenamed(raw string) bool {
	return strings.Contains(raw, columnClusters+`":`) || strings.Contains(raw, columnInstanceTypes+`":`) ||
		strings.Contains(raw, columnContentDiffers+`":`)
}

// appendUpstreamImage appends an image as E-HPC sent it, with its members under
// the names of upstreamName.
func appendUpstreamImage(b []byte, raw string) []byte {
	if !mayBeRenamed(raw) {
		return append(b, raw...)
	}
	return append(appendUpstreamMembers(b, raw), '}')
}

// appendUpstreamMembers is appendUpstreamImage without the closing brace, so that
// members can be added.
func appendUpstreamMembers(b []byte, raw string) []byte {
	separator := byte('{')
	for name, value := range jsonscan.Members(raw) {
		b = append(b, separator)
		b = append(append(appendString(b, upstreamName(name)), ':'), value...)
		separator = ','
	}
	return b
}
