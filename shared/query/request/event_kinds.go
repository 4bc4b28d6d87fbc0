package request

// Kind says what happened to an image in a scope, or to a scope.
type Kind uint8

const (
	KindAdded   Kind = iota // the image appeared
	KindRemoved             // the image disappeared, or its scope ended
	KindChanged             // the image has other content
	KindEnded               // the scope is no longer asked: its cluster or instance type is gone
	KindPresent             // the image was there before the first commit that is kept
)

// KindNames are the kinds as answers show them.
var KindNames = []string{
	KindAdded: "added", KindRemoved: "removed", KindChanged: "changed", KindEnded: "ended", KindPresent: "kept",
}

// Name returns the kind as answers show it.
func (k Kind) Name() KindName { return KindName(KindNames[k]) }

// KindName is one of KindNames.
type KindName string
