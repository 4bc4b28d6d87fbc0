package response

import (
	"strconv"

	"community-images/shared/query/request"
)

// cacheControl returns the Cache-Control header of an answer.
//
// Without an ETag it must not be stored. An answer about the past must be
// confirmed by its ETag each time: it rarely changes, but a restored backup gives
// numbers of commits again. One about the present is kept as long as a head is
// used without asking the store. Answers to a token are for their caller alone.
func (w *Writer) cacheControl(req *request.Request, ans *Answer) string {
	switch {
	case ans.ETag == "":
		return "no-store"
	case req.Format == request.FormatHTML: // a page says how long ago things were
		return "private, no-cache"
	}
	// At least a second, so that a burst of equal lookups can be answered by a
	// cache.
	policy := "max-age=" + strconv.Itoa(max(1, int(w.TTL.Seconds())))
	if req.At.IsSet || req.From.IsSet {
		policy = "no-cache"
	}
	if w.Private {
		return "private, " + policy
	}
	return policy
}
