package request

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// chooseFormat sets the format of the request unless the parameter has: that
// parameter wins over the header Accept. It returns false if the header allows
// no format of the route.
func (p *parser) chooseFormat(accept string) (ok bool) {
	if p.request.Format != "" {
		return true
	}
	p.request.Format, ok = negotiateFormat(accept, p.request.Route.Formats)
	return ok
}

// negotiateFormat chooses a format by an Accept header (RFC 9110): the one with
// the highest quality, of equal ones that which is named more precisely, and then
// the first. It returns false if the header allows none.
func negotiateFormat(accept string, formats []string) (format string, ok bool) {
	if strings.TrimSpace(accept) == "" {
		return formats[0], true
	}
	// ">" keeps the first of equals, and drops what has quality 0, which means
	// "not acceptable".
	best, quality, precision := "", 0.0, 0
	for _, format := range formats {
		media := MediaType(format)
		// Every browser names XHTML where a person navigates. Java's HttpURLConnection names
		// text/html, and wants data.
		if format == FormatHTML {
			media = "application/xhtml+xml"
		}
		q, rank := acceptQuality(accept, media)
		if q > quality || q == quality && rank > precision && q > 0 {
			best, quality, precision = format, q, rank
		}
	}
	// A caller who accepts nothing but text/html means the page.
	if q, rank := acceptQuality(accept, MediaType(FormatHTML)); best == "" && q > 0 && rank > 0 &&
		slices.Contains(formats, FormatHTML) {
		best = FormatHTML
	}
	return best, best != ""
}

// acceptQuality returns the quality, from 0 to 1, that an Accept header gives a
// media type. The most specific range decides. Its rank is 3 for the type itself,
// 2 for "text/*", 1 for "*/*", and 0 if there is none.
func acceptQuality(accept, media string) (quality float64, specific int) {
	kind, _, _ := strings.Cut(media, "/")
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		// "text/html;q=0.5" decides over "text/*;q=1", wherever it stands.
		rank := 0
		switch field.FoldCase(strings.TrimSpace(name)) {
		case media:
			rank = 3
		case kind + "/*":
			rank = 2
		// Java's HttpURLConnection sends "*", which RFC 9110 does not know.
		case "*/*", "*":
			rank = 1
		}
		if rank > specific {
			quality, specific = ParseQuality(params), rank
		}
	}
	return quality, specific
}

// ParseQuality returns q of the parameters of a media range: 1 if it is absent,
// 0 if it is wrong.
func ParseQuality(params string) float64 {
	for part := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}

// WantsHTML reports whether a call wants a page. It looks for the parameter format, else at
// the header Accept.
func WantsHTML(rawQuery, accept string) bool {
	for part := range strings.SplitSeq(rawQuery, "&") {
		if name, value, _ := strings.Cut(part, "="); strings.EqualFold(name, paramFormat.Name) {
			return strings.EqualFold(value, FormatHTML)
		}
	}
	format, _ := negotiateFormat(accept, []string{FormatJSON, FormatHTML})
	return format == FormatHTML
}

// newNotAcceptableError lists the media types of a route.
func newNotAcceptableError(rt *Route) error {
	var media []string
	for _, f := range rt.Formats {
		// Several formats can have one media type, for example text/plain.
		if m := MediaType(f); !slices.Contains(media, m) {
			media = append(media, m)
		}
	}
	// /openapi.json and the like have one format and no parameter for it.
	recommend := message.New("Accept one of them.")
	if rt.HasParam(paramFormat.Name) {
		recommend = message.New("Accept one of them, or use the format parameter.")
	}
	return &apierror.Error{Status: http.StatusNotAcceptable, Code: fault.CodeAccept, Recommend: recommend,
		Message: message.New("The Accept header allows none of the media types of this route: %s.",
			message.Names(media))}
}
