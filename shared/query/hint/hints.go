package hint

import (
	"context"

	"community-images/shared/access"
	"community-images/shared/message"
	"community-images/shared/query/history"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// Hints say why an answer has few images or none.
type Hints struct {
	Texts []message.Text // sentences, the most useful first
	// looksOutside says that the texts tell of more than the selected scopes, which the
	// ETag of the answer does not cover.
	looksOutside bool
}

// Lookup is a request with the images that it found.
type Lookup struct {
	Request *request.Request
	Subject *state.Subject
	Set     *imageset.Set // of the subject
	Matches int           // images of Set that meet all conditions
	// Captured is the number of captured images; 0: it is not known. The ETag needs
	// CountSuffix of it.
	Captured int
}

// Find returns the hints of an answer. isFew says that it has too few images. h must show
// only what the caller may see.
func Find(ctx context.Context, h *history.Reader, l Lookup, isFew bool) Hints {
	if isFew {
		return explainFew(ctx, h, l)
	}
	return describeLookup(l)
}

// describeLookup returns the hints of an answer that has enough images. It reads
// nothing: nobody waits for a hint next to images.
func describeLookup(l Lookup) Hints {
	var h Hints
	switch {
	case l.Subject.OmitsClusters() && l.Captured > 0:
		h.add("Every cluster supports %d of %d captured images; ClusterId=* searches all.", l.Set.Len(), l.Captured)
	case l.Subject.OmitsClusters():
		h.addText(message.Sentences(message.New("Only images that every cluster supports."), message.New(searchAll)))
	}
	ids := l.Request.ImageIDs
	if missing := l.Set.MissingIDs(ids); len(missing) > 0 {
		h.add("%d of %d ids are not in the selection: %s.", len(missing), len(ids), quoteSome(missing))
	}
	return h
}

// add adds a hint.
func (h *Hints) add(template message.Template, args ...any) {
	h.addText(message.New(template, args...))
}

// addText adds a hint. Callers put tokens in the wrong place, and hints repeat what they
// gave.
func (h *Hints) addText(text message.Text) {
	h.Texts = append(h.Texts, text.MapStrings(access.RedactTokens))
}

// Strings returns the hints in English, for programs.
func (h Hints) Strings() []string {
	var texts []string
	for _, text := range h.Texts {
		texts = append(texts, text.String())
	}
	return texts
}

// After returns a sentence with the hints after it.
func (h Hints) After(sentence message.Text) message.Text {
	return message.Sentences(append([]message.Text{sentence}, h.Texts...)...)
}
