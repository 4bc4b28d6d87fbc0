package query

// eventKind says what happened to an image in a scope.
type eventKind uint8

const (
	kindAdded   eventKind = iota // the image appeared
	kindRemoved                  // the image disappeared, or its scope ended
	kindChanged                  // the image has other content
	kindPresent                  // the image was there before the first commit that is kept
)

// kindNames are the kinds as answers show them.
var kindNames = []string{kindAdded: "added", kindRemoved: "removed", kindChanged: "changed", kindPresent: "kept"}
