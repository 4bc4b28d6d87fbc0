package query

// eventKind says what happened to an image in a scope, or to a scope.
type eventKind uint8

const (
	kindAdded   eventKind = iota // the image appeared
	kindRemoved                  // the image disappeared, or its scope ended
	kindChanged                  // the image has other content
	kindEnded                    // the scope is no longer asked: its cluster or instance type is gone
	kindPresent                  // the image was there before the first commit that is kept
)

// kindNames are the kinds as answers show them.
var kindNames = []string{
	kindAdded: "added", kindRemoved: "removed", kindChanged: "changed", kindEnded: "ended", kindPresent: "kept",
}

// name returns the kind as answers show it.
func (k eventKind) name() eventKindName { return eventKindName(kindNames[k]) }
