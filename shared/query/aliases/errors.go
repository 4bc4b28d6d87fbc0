package aliases

import (
	"errors"
	"net/http"
	"slices"

	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/state"
)

// maxNames bounds the names that one error lists.
const maxNames = 20

// NewNotFoundError returns the error for an alias that some states of regions do not have.
func NewNotFoundError(name string, regions []string, states ...*state.RegionState) error {
	var names []string
	isPast := false
	for _, st := range states {
		for _, a := range st.VisibleAliases() {
			names = append(names, a.Name)
		}
		isPast = isPast || !st.Live
	}
	slices.Sort(names)
	names = slices.Compact(names)
	where, quoted := message.Names(regions), fault.Quote(name)
	text := message.New("No alias %s is defined in %s", quoted, where)
	switch {
	case isPast && len(states) == 1:
		text = message.New("No alias %s is defined in %s at commit %d", quoted, where, states[0].Sequence)
	case isPast: // each region counts its own commits
		text = message.New("No alias %s is defined in %s at that time", quoted, where)
	}
	suggestion := fault.SuggestionText(fault.NearestName(name, names, fault.MaxEdits(name)))
	return &apierror.Error{
		Status: http.StatusNotFound, Code: fault.CodeAlias,
		Message: message.Sentences(fault.EndSentence(message.Join(text, suggestion)),
			message.New("Aliases: %s.", listNames(names))),
		Recommend: message.New(seeAliases),
	}
}

// seeAliases says where a caller finds the names of aliases.
const seeAliases message.Template = "/v1/aliases shows the aliases."

// listNames lists the first names of aliases, and says how many more there are.
func listNames(names []string) message.Text {
	switch more := len(names) - maxNames; {
	case len(names) == 0:
		return message.New("none")
	case more > 0:
		return message.New("%s and %d more", message.Names(names[:maxNames]), more)
	}
	return message.Names(names)
}

// NewNameError returns the error for a path with a name that no alias can have.
func NewNameError() error {
	return &apierror.Error{
		Status: http.StatusNotFound, Code: fault.CodeAlias,
		Message:   message.New("The path has no valid name of an alias. Names have 1 to 64 of a-z 0-9 . _ -."),
		Recommend: message.New(seeAliases),
	}
}

// NewPinGoneError returns the error for a pin whose image is not offered. Whoever pinned it
// wanted no other image, so the lookup does not decide; the error says what it would give.
func NewPinGoneError(t *ResolvedAlias, found Found) error {
	instead, lookupID := message.New("Its lookup matches no image."), ""
	if found.Image != nil {
		lookupID = found.Image.ImageID
		instead = message.New("Its lookup would give %s.", fault.Quote(lookupID))
	}
	members := field.AppendString([]byte(`,"PinnedImageId":`), t.Pin.ImageID)
	return &apierror.Error{
		Status: http.StatusConflict, Code: fault.CodePin,
		Message: message.Sentences(message.New("Alias %s is pinned to image %s (%s), which its scopes do not offer.",
			fault.Quote(t.Name), fault.Quote(t.Pin.ImageID), t.Pin.Reason), instead),
		Recommend: message.New("Tell the operator, who can pin another image or remove the pin."),
		Members:   field.AppendString(append(members, `,"LookupImageId":`...), lookupID),
	}
}

// newUnusableError returns the error for a lookup that a run has accepted and that cannot be
// parsed here: a field of it may be withheld.
func newUnusableError(name string, err error) error {
	reason := message.Untranslated(err.Error())
	var e *apierror.Error
	if errors.As(err, &e) {
		reason = e.Message
	}
	return &apierror.Error{
		Status: http.StatusConflict, Code: fault.CodeLookup,
		Message:   message.New("The lookup of alias %q cannot be answered here: %s", name, reason),
		Recommend: message.New("Tell the operator, who defines the aliases."),
	}
}

// newDatesUnknownError returns the error for a lookup by dates without an index. Any other
// answer could be another image than the alias means.
func newDatesUnknownError(name string) error {
	text := message.New("Alias %q is chosen by the dates of images, which are not known: the index of the region is "+
		"missing or damaged.", name)
	return &apierror.Error{
		Status: http.StatusServiceUnavailable, Code: fault.CodeDamaged, Message: text, RetryAfter: 60,
		Recommend: message.New("Try again after the next run that changes something."),
		Cause:     errors.New(text.String()),
	}
}
