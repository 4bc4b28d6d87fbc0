package query

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unsafe"

	"community-images/shared/access"
	"community-images/shared/apierror"
	"community-images/shared/catalog"
)

// answer is what a route says before anything is loaded or rendered.
type answer struct {
	freshness             *freshness // nil: the answer is not about stored data
	etag                  string     // without quotes; empty: the answer has none
	lastModified          catalog.Time
	immutable             bool   // see isImmutable
	contentSecurityPolicy string // Content-Security-Policy; empty: none is needed
	omitEnvelope          bool   // the json body has none of the common members
	showsAges             bool   // the body tells ages, so it is made anew each time
	region                string
	// render appends the body to prefix: the members that every json answer
	// begins with, else nothing. That saves a copy of large answers, a fifth of
	// the CPU of a list of 120 kB.
	render func(ctx context.Context, prefix []byte) (*body, error)
}

// body is a rendered answer. It is kept and shared: nobody changes it.
type body struct {
	bytes    []byte
	next     string // cursor of the next page; empty: this is the last
	total    string // TotalCount, for formats that have no place for it; empty: nothing is counted
	cursor   string // where a feed goes on, even if there is nothing yet
	deflated []byte // raw deflate of bytes, if that was worth while
}

// makeETag hashes what an answer depends on. The layout of answers is part of it.
func makeETag(parts ...string) string {
	h := sha256.New()
	h.Write([]byte(layoutVersion))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// maxBody bounds an answer, in bytes: FC takes 32 MB, and quotes it as JSON.
const maxBody = 24 << 20

// layoutVersion changes whenever the same data is rendered differently.
const layoutVersion = "6"

// send writes an answer: its headers, and unless the caller has it already,
// its body.
func (x *call) send(ctx context.Context, a *request, ans *answer) error {
	header := x.w.Header()
	zip := x.gzip && acceptsGzip(joinHeaderLines(x.r.Header, "Accept-Encoding"))
	has := parseIfNoneMatch(joinHeaderLines(x.r.Header, "If-None-Match"), ans.etag)
	known := has.plain || has.gzipped
	var front, whole []byte
	if a.format == formatJSON && !ans.omitEnvelope && !known {
		front = x.makeEnvelope(a, ans)
	}
	var b *body
	if !known {
		var err error
		if b, whole, err = x.renderBody(ctx, ans, front); err != nil {
			return err
		}
	}
	x.setHeaders(header, ans)
	if known || has.any {
		setETag(header, ans, has.gzipped && (zip || !has.plain))
		x.written = true
		x.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", contentType(a.format))
	if b.next != "" {
		header.Set("Link", "<"+x.nextURL(b.next, a.regionForNextPage(&x.config, ans))+`>; rel="next"`)
	}
	if b.total != "" {
		header.Set("X-Total-Count", b.total)
	}
	if b.cursor != "" {
		header.Set("X-Next-Cursor", b.cursor)
	}
	parts := [][]byte{front, b.bytes}
	if whole != nil {
		parts = [][]byte{whole}
	}
	if zip && len(b.bytes) >= gzipMinSize {
		header.Set("Content-Encoding", "gzip")
		setETag(header, ans, true)
		parts = gzipParts(front, b)
	} else {
		setETag(header, ans, false)
	}
	header.Set("Content-Length", strconv.Itoa(totalSize(parts)))
	x.written = true
	x.w.WriteHeader(http.StatusOK)
	if x.r.Method == http.MethodHead {
		return nil
	}
	if len(parts) == 1 { // nobody changes it; a string is passed on as it is
		_, _ = io.WriteString(x.w, unsafe.String(unsafe.SliceData(parts[0]), len(parts[0])))
		return nil
	}
	for _, part := range parts {
		if _, err := x.w.Write(part); err != nil {
			return nil // the caller has gone
		}
	}
	return nil
}

func totalSize(parts [][]byte) (n int) {
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// renderBody renders an answer or takes it from memory. whole is nil unless front
// stands before it already.
func (x *call) renderBody(ctx context.Context, ans *answer, front []byte) (b *body, whole []byte, err error) {
	key, keep := x.grantKey+ans.etag, ans.etag != "" && !ans.showsAges
	if x.full != nil && ans.freshness != nil {
		// Which state the cursor in it names must not depend on whom else the
		// cache has served in the meantime.
		key += "#" + strconv.FormatInt(ans.freshness.sequence, 10)
	}
	if keep {
		if b, ok := x.bodies.get(key); ok {
			return b, nil, nil
		}
	}
	if b, err = ans.render(ctx, front); err != nil {
		return nil, nil, err
	}
	whole = b.bytes
	b.bytes = whole[len(front):]
	if len(b.bytes) > maxBody {
		return nil, nil, newFaultsError([]paramFault{answerTooLarge(x.route, len(b.bytes))})
	}
	if keep {
		if x.gzip && len(b.bytes) >= gzipMinSize {
			b.deflated = deflate(b.bytes)
		}
		x.bodies.put(key, b, len(b.bytes)+len(b.deflated)+256)
	}
	return b, whole, nil
}

// answerTooLarge is what is wrong with a question whose answer has too many bytes.
func answerTooLarge(rt *route, bytes int) paramFault {
	f := paramFault{codeInvalid, "ClusterId", fmt.Sprintf("makes an answer of %d MB, at most %d are sent", bytes>>20, maxBody>>20), "fewer scopes"}
	if rt.hasParam("limit") {
		f.name, f.allowed = "limit", "a smaller limit, or "+f.allowed
	}
	if rt.hasParam("fields") {
		f.allowed += ", or fields"
	}
	return f
}

// setHeaders sets what an answer and a 304 have in common.
func (x *call) setHeaders(header http.Header, ans *answer) {
	vary := "Accept, Accept-Encoding"
	if x.private {
		vary = "Accept, Accept-Encoding, Authorization"
	}
	header.Set("Vary", vary)
	header.Set("X-Content-Type-Options", "nosniff")
	if ans.contentSecurityPolicy != "" {
		header.Set("Content-Security-Policy", ans.contentSecurityPolicy)
		header.Set("Referrer-Policy", "no-referrer")
	}
	header.Set("Cache-Control", x.cacheControl(ans))
	if !ans.lastModified.IsZero() {
		header.Set("Last-Modified", ans.lastModified.UTC().Format(http.TimeFormat))
	}
	if f := ans.freshness; f != nil {
		if f.sequence > 0 {
			header.Set("X-Snapshot-Sequence", strconv.FormatInt(f.sequence, 10))
		}
		if !f.checkedAt.IsZero() {
			header.Set("X-Snapshot-Age", strconv.FormatInt(f.age, 10))
		}
		// Age is HTTP's word: how long this copy of the store's has been held,
		// which caches subtract from max-age (RFC 9111, section 5.1).
		header.Set("Age", strconv.FormatInt(f.held, 10))
		if len(f.stale) > 0 {
			header.Set("Warning", `110 - "Response is Stale"`)
		}
	}
}

func setETag(header http.Header, ans *answer, zipped bool) {
	switch {
	case ans.etag == "":
	case zipped:
		header.Set("ETag", `"`+ans.etag+gzipETagSuffix+`"`)
	default:
		header.Set("ETag", `"`+ans.etag+`"`)
	}
}

// makeEnvelope is the beginning of a json answer, up to the members of the route.
func (x *call) makeEnvelope(a *request, ans *answer) []byte {
	b := make([]byte, 0, 512)
	b = append(b, `{"RequestId":`...)
	b = appendString(b, x.id)
	b = append(b, `,"RegionId":`...)
	b = appendString(b, ans.region)
	b = append(b, `,"ClusterId":`...)
	b = appendString(b, strings.Join(a.selection.clusters, ","))
	b = append(b, `,"InstanceType":`...)
	b = appendString(b, strings.Join(a.selection.types, ","))
	if ans.freshness != nil {
		b = append(b, `,"Snapshot":`...)
		b = ans.freshness.appendJSON(b)
	}
	return b
}

// regionForNextPage is the region that the next page of a feed has to name: the cursor is
// a place in its log, and by then another region may have what was asked for.
func (a *request) regionForNextPage(c *config, ans *answer) string {
	if a.region != "" || len(c.regions) == 1 || !a.isFeed() {
		return ""
	}
	return ans.region
}

// nextURL is this request with another cursor, and with a region unless that
// is empty.
func (x *call) nextURL(next, region string) string {
	var b strings.Builder
	b.Grow(len(x.r.URL.Path) + len(x.r.URL.RawQuery) + len(next) + 16)
	b.WriteString(x.r.URL.EscapedPath())
	b.WriteByte('?')
	for part := range strings.SplitSeq(x.r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(name); part != "" && err == nil && !strings.EqualFold(name, "cursor") && !strings.EqualFold(name, "since") {
			b.WriteString(part)
			b.WriteByte('&')
		}
	}
	if region != "" {
		b.WriteString("RegionId=" + region + "&")
	}
	b.WriteString("cursor=")
	b.WriteString(next)
	return escapeForHeader(b.String())
}

// escapeForHeader escapes what may not stand between < and > in a header.
func escapeForHeader(address string) string {
	if !strings.ContainsFunc(address, isUnsafeInHeader) {
		return address
	}
	var b strings.Builder
	for i := range len(address) {
		if c := address[i]; isUnsafeInHeader(rune(c)) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isUnsafeInHeader(c rune) bool {
	return c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"'
}

// sendError answers with an error and reports what the caller is not told.
func (x *call) sendError(e *apierror.Error) {
	if e.Cause != nil {
		x.report(x.r.Context(), x.id, e.Cause)
	}
	if x.written {
		return
	}
	x.written = true
	header := x.w.Header()
	clear(header)
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	e.SetHeaders(header)
	scrubbed := *e
	scrubbed.Message = access.Scrub(e.Message)
	b := append(scrubbed.AppendJSON(nil, x.id, x.r.Host), '\n')
	header.Set("Content-Length", strconv.Itoa(len(b)))
	x.w.WriteHeader(e.Status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(b)
	}
}
