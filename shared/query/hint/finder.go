package hint

import (
	"context"
	"time"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/history"
	"community-images/shared/query/imageset"
)

const (
	// maxItems bounds the ids, conditions and scopes that hints name.
	maxItems = 3
	// maxWait bounds what hints read outside of the selection. An answer without
	// them is still right.
	maxWait = 3 * time.Second
	// searchAll says how to search more than E-HPC's own question does.
	searchAll message.Template = "ClusterId=* searches all captured images."
	// matchesWith says how many images match under another condition.
	matchesWith message.Template = "%s with %s."
)

// finder finds the hints of an answer that has too few images.
type finder struct {
	Lookup
	Hints
	// history shows what the caller may see, and no more.
	history *history.Reader
	filter  imageset.Filter
	// captured has everything that the caller may see; nil: it was not read. It is Set
	// if the selection is everything.
	captured *imageset.Set
	// capturedMatches is Matches for captured.
	capturedMatches int
}

// explainFew returns the hints of an answer that has too few images. It reads what else
// is captured, and for ids the log: a person waits for the answer.
func explainFew(ctx context.Context, h *history.Reader, l Lookup) Hints {
	f := &finder{history: h, Lookup: l, filter: imageset.Filter{
		Ids: l.Request.ImageIDs, Conditions: l.Subject.Conditions, Words: l.Request.SearchWords,
		Dates: l.Subject.Dates(),
	}}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	f.loadCaptured(ctx)
	f.explainScopes()
	f.explainIDs(ctx)
	f.explainConditions()
	return f.Hints
}

// loadCaptured reads everything that the caller may see at present. The lists of a past
// state would cost one read each. If it fails, the hints say less.
func (f *finder) loadCaptured(ctx context.Context) {
	if !f.Subject.State.Live {
		return
	}
	all := f.Subject.State.AllScopes()
	if all.Digest == f.Subject.Scopes.Digest {
		f.captured, f.capturedMatches = f.Set, f.Matches
		return
	}
	f.looksOutside = true
	set, err := f.history.Sets.Load(ctx, all)
	if err != nil {
		return
	}
	if rows, err := set.SelectRows(f.filter); err == nil { // else the expressions would take too long
		f.captured, f.capturedMatches = set, len(rows)
	}
}

// explainScopes says how many images match with ClusterId=*, if more do.
func (f *finder) explainScopes() {
	narrow := message.Text{}
	if f.Subject.OmitsClusters() {
		narrow = message.New("Only images that every cluster supports were searched.")
	}
	switch {
	case f.captured != nil && f.capturedMatches > f.Matches:
		f.addText(message.Sentences(narrow, f.describeWider(countImages(f.capturedMatches))))
	case f.captured == nil && !narrow.IsEmpty():
		f.addText(message.Sentences(narrow, message.New(searchAll)))
	}
	if f.Set.Len() == 0 {
		f.add("The selection has no images at all.")
	}
}

// describeWider says how many images match where everything captured is searched. In a matrix
// ClusterId=* gives columns of clusters, and no images that only some instance types have.
func (f *finder) describeWider(count message.Text) message.Text {
	if images := "/v1/images"; f.Request.Route.Pattern != images {
		return message.New("%s in %s.", count, images+"?ClusterId=*")
	}
	return message.New(matchesWith, count, "ClusterId=*")
}

// explainIDs says of ids that the selection lacks which scopes offer them, or until when
// some did.
func (f *finder) explainIDs(ctx context.Context) {
	missing := f.Set.MissingIDs(f.filter.Ids)
	for _, id := range missing[:min(len(missing), maxItems)] {
		f.explainID(ctx, id)
	}
	if len(missing) > maxItems {
		f.add("%d more ids are not in the selection.", len(missing)-maxItems)
	}
}

// explainID is explainIDs for one id.
func (f *finder) explainID(ctx context.Context, id string) {
	if f.captured == nil {
		f.add("Image %s is not in the selection.", quoteGiven(id))
		return
	}
	if from, to := f.captured.FindImage(id); from < to {
		f.add("Image %s is offered to %s.", quoteGiven(id), joinSome(f.captured.ScopePaths(from, to)))
		return
	}
	// The log is about more than the present, which is all that the ETag covers.
	f.looksOutside = true
	life, err := f.history.LifespanOf(ctx, history.InAnyScope(id), f.Subject)
	switch {
	case err != nil:
		f.add("Image %s is not offered.", quoteGiven(id))
	case !life.Known:
		f.add("Image %s was never offered in %s.", quoteGiven(id), f.Subject.Scopes.Region)
	default:
		f.add("Image %s is no longer offered. It was offered until %s.", quoteGiven(id), life.Gone)
	}
}

// countImages returns a clause that says how many images match.
func countImages(n int) message.Text {
	if n == 1 {
		return message.New("1 image matches")
	}
	return message.New("%d images match", n)
}

// countCaptured is countImages for images of all that is captured.
func countCaptured(n int) message.Text {
	if n == 1 {
		return message.New("1 captured image matches")
	}
	return message.New("%d captured images match", n)
}

// quoteGiven returns a text of the caller in quotes, with the letters that it has.
func quoteGiven(text string) string { return fault.QuoteText(text, 80) }

// quoteSome is joinSome for texts of callers.
func quoteSome(texts []string) message.Text {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quoteGiven(text)
	}
	return joinSome(quoted)
}

// joinSome lists the first maxItems texts, and says how many more there are.
func joinSome(texts []string) message.Text {
	if more := len(texts) - maxItems; more > 0 {
		return message.New("%s and %d more", message.Names(texts[:maxItems]), more)
	}
	return message.Names(texts)
}
