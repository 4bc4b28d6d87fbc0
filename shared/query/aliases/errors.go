package aliases

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/state"
)

// maxNames bounds the names that one error lists.
const maxNames = 20

// NewNotFoundError returns the error for an alias that some states of where do not have.
func NewNotFoundError(name, where string, states ...*state.RegionState) error {
	var names []string
	when := ""
	for _, st := range states {
		for _, a := range st.VisibleAliases() {
			names = append(names, a.Name)
		}
		switch {
		case st.Live:
		case len(states) == 1:
			when = fmt.Sprintf(" at commit %d", st.Sequence)
		default: // each region counts its own commits
			when = " at that time"
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	text := fault.EndSentence("No alias " + fault.Quote(name) + " is defined in " + where + when +
		fault.SuggestionText(fault.NearestName(name, names, fault.MaxEdits(name))))
	listed := "none"
	if len(names) > 0 {
		listed = strings.Join(names[:min(len(names), maxNames)], ", ")
	}
	if more := len(names) - maxNames; more > 0 {
		listed += fmt.Sprintf(" and %d more", more)
	}
	return &apierror.Error{
		Status: http.StatusNotFound, Code: fault.CodeAlias, Message: text + " Aliases: " + listed + ".",
		Recommend: "/v1/aliases shows the aliases.",
	}
}

// NewNameError returns the error for a path with a name that no alias can have.
func NewNameError() error {
	return &apierror.Error{
		Status: http.StatusNotFound, Code: fault.CodeAlias,
		Message:   "The path has no valid name of an alias. Names have 1 to 64 of a-z 0-9 . _ -.",
		Recommend: "/v1/aliases shows the aliases.",
	}
}

// NewPinGoneError returns the error for a pin whose image is not offered. Whoever pinned it
// wanted no other image, so the lookup does not decide; the error says what it would give.
func NewPinGoneError(t *Target, found Found) error {
	instead, lookupID := "Its lookup matches no image.", ""
	if found.Image != nil {
		lookupID = found.Image.ImageID
		instead = fmt.Sprintf("Its lookup would give %s.", fault.Quote(lookupID))
	}
	members := field.AppendString([]byte(`,"PinnedImageId":`), t.Pin.ImageID)
	return &apierror.Error{
		Status: http.StatusConflict, Code: fault.CodePin,
		Message: fmt.Sprintf("Alias %s is pinned to image %s (%s), which its scopes do not offer. %s", fault.Quote(t.Name),
			fault.Quote(t.Pin.ImageID), t.Pin.Reason, instead),
		Recommend: "Tell the operator, who can pin another image or remove the pin.",
		Members:   field.AppendString(append(members, `,"LookupImageId":`...), lookupID),
	}
}

// newUnusableError returns the error for a lookup that a run has accepted and that cannot be
// parsed here: a field of it may be withheld.
func newUnusableError(name string, err error) error {
	reason := err.Error()
	var e *apierror.Error
	if errors.As(err, &e) {
		reason = e.Message
	}
	return &apierror.Error{
		Status: http.StatusConflict, Code: fault.CodeLookup,
		Message:   fmt.Sprintf("The lookup of alias %q cannot be answered here: %s", name, reason),
		Recommend: "Tell the operator, who defines the aliases.",
	}
}

// newDatesUnknownError returns the error for a lookup by dates without an index. Any other
// answer could be another image than the alias means.
func newDatesUnknownError(name string) error {
	message := fmt.Sprintf("Alias %q is chosen by the dates of images, which are not known: the index of the region is "+
		"missing or damaged.", name)
	return &apierror.Error{
		Status: http.StatusServiceUnavailable, Code: fault.CodeDamaged, Message: message, RetryAfter: 60,
		Recommend: "Try again after the next run that changes something.", Cause: errors.New(message),
	}
}
