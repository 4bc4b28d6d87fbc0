package query

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"community-images/shared/access"
	"community-images/shared/apierror"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/etag"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/hint"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// answer is what a route knows before images are loaded and the body is
// rendered. It is enough for a 304. Routes return it. The body is rendered
// later, and only if the caller does not have it yet or the cache does not hold
// it.
type answer struct {
	freshness    *state.Freshness // nil: the answer is not about stored data
	region       string           // RegionId in the envelope
	etag         string           // without quotes; empty: the answer must not be cached
	lastModified catalog.Time     // zero: there is no such header

	contentSecurityPolicy string // header of a page; empty for data
	omitEnvelope          bool   // the JSON body has none of the common members
	showsAges             bool   // the body tells ages, so it is rendered for every call

	// render appends the body to prefix, which holds the envelope of a JSON
	// answer and is empty otherwise. Rendering in place saves a copy of large
	// answers: a fifth of the CPU of a list of 120 kB.
	render func(ctx context.Context, prefix []byte) (*body, error)
}

// body is a rendered body without its envelope. It is cached and shared, so it
// must not be changed.
type body struct {
	bytes    []byte
	next     string     // cursor of the next page; empty: this is the last
	total    string     // TotalCount, for formats that have no place for it; empty: nothing is counted
	cursor   string     // where a feed goes on, even if nothing has happened since; empty: not a feed
	hints    hint.Hints // why there are few images or none
	view     any        // what a page shows; nil: the answer is not for a page
	deflated []byte     // raw deflate of bytes; nil: not compressed yet
}

// payload is a body and the envelope that it has in one response.
//
// The envelope has the request id and the age of the data, so it differs from
// call to call. The body after it is the same for all calls with the same ETag.
type payload struct {
	*body
	envelope []byte
	whole    []byte // envelope and body in one piece; nil: the body came from the cache
}

// parts returns the bytes to write.
func (p *payload) parts(zip bool) [][]byte {
	switch {
	case zip:
		return gzipParts(p.envelope, p.body)
	case p.whole != nil:
		return [][]byte{p.whole}
	}
	return [][]byte{p.envelope, p.bytes} // the body came from the cache
}

// indent makes a JSON answer readable. It is not cached: people ask for it, and they ask
// rarely.
func (p *payload) indent() {
	body := *p.body
	body.bytes = indentJSON(slices.Concat(p.envelope, p.bytes))
	body.deflated = nil
	*p = payload{body: &body, whole: body.bytes}
}

// indentJSON returns JSON that is indented by two spaces. Anything else stays as it is.
func indentJSON(data []byte) []byte {
	var indented bytes.Buffer
	if json.Indent(&indented, data, "", "  ") != nil {
		return data
	}
	return indented.Bytes()
}

// wantsPretty reports whether a raw query asks for pretty=true. Errors are written before
// the query is parsed, or because it cannot be.
func wantsPretty(rawQuery string) bool {
	for part := range strings.SplitSeq(rawQuery, "&") {
		if strings.EqualFold(part, "pretty=true") {
			return true
		}
	}
	return false
}

// maxBodyBytes bounds an answer, whatever it contains. Package fcrun can send a
// little less than 24 MB as base64, and checks each body as it is sent; this limit
// is checked earlier, where the error can name the parameter to change.
const maxBodyBytes = 23 << 20

// send writes the headers of an answer, and the body unless the caller has it
// already. It returns an error only if nothing has been written.
//
// The order matters: the body is rendered before any header is set, so that an
// error during rendering can still become an error answer.
func (c *call) send(ctx context.Context, req *request.Request, ans *answer) error {
	// RFC 9110, section 13.2.2: If-Match comes first.
	if err := etag.CheckIfMatch(etag.JoinHeaderLines(c.r.Header, "If-Match"), ans.etag); err != nil {
		return err
	}
	r, err := c.prepareResponse(ctx, req, ans)
	if err != nil {
		return err
	}
	// The client's wish counts for a 304 too: it decides which of two tags is
	// confirmed.
	zip := c.gzip && acceptsGzip(etag.JoinHeaderLines(c.r.Header, "Accept-Encoding"))
	c.setHeaders(req, ans)
	if client := r.client; client.HasAnswer() || client.Any {
		c.setETag(r.etag, client.Gzipped && (zip || !client.Plain))
		c.writeHeader(http.StatusNotModified)
		return nil
	}
	// The envelope is never compressed, so the body decides.
	zip = zip && len(r.bytes) >= gzipMinSize
	c.setBodyHeaders(req, r.etag, r.payload, zip)
	c.writeParts(r.parts(zip))
	return nil
}

// response is an answer that is ready to be sent.
type response struct {
	payload
	etag   string
	client etag.ClientTags // the forms that the caller has already
}

// prepareResponse renders an answer, unless the caller has it.
func (c *call) prepareResponse(ctx context.Context, req *request.Request, ans *answer) (r response, err error) {
	ifNoneMatch := etag.JoinHeaderLines(c.r.Header, "If-None-Match")
	r.etag, r.client = ans.etag, etag.ParseIfNoneMatch(ifNoneMatch, ans.etag)
	if r.client.HasAnswer() {
		return r, nil
	}
	// It is rendered for "*" too, which asks whether there is an answer.
	if r.payload, err = c.renderPayload(ctx, req, ans); err != nil {
		return r, err
	}
	r.etag = ans.etag // an answer may give it up while it is rendered
	// Hints about more than the ETag covers change it.
	if suffix := r.hints.ETagSuffix(); suffix != "" && r.etag != "" {
		r.etag += suffix
		r.client = etag.ParseIfNoneMatch(ifNoneMatch, r.etag)
	}
	if req.Pretty && req.Format == request.FormatJSON {
		r.indent()
	}
	return r, nil
}

// renderPayload renders the body of an answer, or takes it from the cache.
//
// It fails if the answer is larger than FC can send. Such an answer is not cut:
// a list that is silently incomplete would be worse than an error.
func (c *call) renderPayload(ctx context.Context, req *request.Request, ans *answer) (payload, error) {
	var envelope []byte
	if req.Format == request.FormatJSON && !ans.omitEnvelope {
		envelope = c.makeEnvelope(req, ans)
	}
	key, canCache := c.lookup.bodyKey(ans)+req.Spelling, ans.etag != "" && !ans.showsAges
	if canCache {
		if b, ok := c.bodies.Get(key); ok {
			return payload{body: b, envelope: envelope}, nil
		}
	}
	b, err := ans.render(ctx, envelope)
	if err != nil {
		return payload{}, err
	}
	// Both slices share memory, so neither is copied. Only the body is cached;
	// it keeps the memory of the envelope alive, which is small.
	whole := b.bytes
	b.bytes = whole[len(envelope):]
	if len(b.bytes) > maxBodyBytes {
		return payload{}, fault.NewError([]fault.Fault{answerTooLarge(c.route.Route, req.Limit, len(b.bytes))})
	}
	// Hints about other scopes change without the ETag by which bodies are kept. An answer
	// without a part that could not be read has given up its ETag.
	if canCache && ans.etag != "" && b.hints.ETagSuffix() == "" {
		// A body that is kept is compressed once, for all calls that will share
		// it.
		if c.gzip && len(b.bytes) >= gzipMinSize {
			b.deflated = deflate(b.bytes)
		}
		// The constant stands for the structs and the key.
		c.bodies.Put(key, b, len(b.bytes)+len(b.deflated)+256)
	}
	return payload{body: b, envelope: envelope, whole: whole}, nil
}

// makeEnvelope returns the beginning of a JSON answer: the members that every
// answer has. The object is not closed.
func (c *call) makeEnvelope(req *request.Request, ans *answer) []byte {
	b := make([]byte, 0, 512)
	b = append(b, `{"RequestId":`...)
	b = field.AppendString(b, c.id)
	b = append(b, `,"RegionId":`...)
	b = field.AppendString(b, ans.region)
	b = append(b, `,"ClusterId":`...)
	b = field.AppendString(b, strings.Join(req.GivenSelection.Clusters, ","))
	b = append(b, `,"InstanceType":`...)
	b = field.AppendString(b, strings.Join(req.GivenSelection.Types, ","))
	if ans.freshness != nil {
		b = append(b, `,"Snapshot":`...)
		b = render.AppendFreshness(b, *ans.freshness)
	}
	return b
}

// answerTooLarge returns the fault of a request whose answer has too many
// bytes. It names the parameter that makes the answer smaller. limit is that of the
// request; 0: it has none.
func answerTooLarge(rt *request.Route, limit, bytes int) fault.Fault {
	f := fault.Fault{
		Code:   fault.CodeInvalid,
		Name:   "ClusterId",
		Reason: message.New("makes an answer of %d MB; the limit is %d MB", bytes>>20, maxBodyBytes>>20),
	}
	allowed := []message.Text{message.New("fewer scopes")}
	switch {
	case !rt.HasParam("ClusterId"):
		f.Name, allowed = "RegionId", []message.Text{message.New("one region")}
	case !rt.HasParam("limit"):
	case limit == 0:
		f.Name, allowed = "limit", slices.Insert(allowed, 0, message.New("a limit"))
		f.Reason = message.New("is not given, and all that matches is %d MB; the most is %d MB", bytes>>20,
			maxBodyBytes>>20)
	default:
		f.Name, allowed = "limit", slices.Insert(allowed, 0, message.New("a smaller limit"))
	}
	if rt.HasParam("fields") {
		allowed = append(allowed, message.New("fields"))
	}
	f.Allowed = message.List(", or ", allowed)
	return f
}

// writeHeader sends the headers with a status.
func (c *call) writeHeader(status int) {
	c.written = true
	c.w.WriteHeader(status)
}

// writeParts sends status 200 and the parts of the body, unless the method is
// HEAD.
func (c *call) writeParts(parts [][]byte) {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(size))
	c.writeHeader(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return
	}
	if len(parts) == 1 {
		// Nobody changes the bytes, so they need no copy to become a string.
		// The recorder of the function passes a single string on as it is.
		_, _ = io.WriteString(c.w, unsafe.String(unsafe.SliceData(parts[0]), len(parts[0])))
		return
	}
	for _, part := range parts {
		if _, err := c.w.Write(part); err != nil {
			// The headers are sent; there is nobody left to tell.
			return // the caller has gone
		}
	}
}

// sendError answers with an error, and reports the cause that the caller does
// not see. If an answer has been sent already, the error is reported only.
func (c *call) sendError(ctx context.Context, e *apierror.Error) {
	if e.Cause != nil {
		c.report(ctx, c.id, e.Cause)
	}
	if c.written {
		return
	}
	header := c.w.Header()
	// A route may have set headers of the answer that failed.
	clear(header)
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	e.SetHeaders(header)
	// A caller's mistake can put a token into a parameter, which the message
	// repeats.
	scrubbed := *e
	scrubbed.Message = e.Message.MapStrings(access.RedactTokens)
	if c.wantsPage() && c.sendErrorPage(ctx, &scrubbed) == nil {
		return
	}
	b := append(scrubbed.AppendJSON(nil, c.id, c.r.Host), '\n')
	if wantsPretty(c.r.URL.RawQuery) {
		b = indentJSON(b)
	}
	c.writeErrorBody(e.Status, b)
}

// writeErrorBody sends a status and the body of an error.
func (c *call) writeErrorBody(status int, b []byte) {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	c.writeHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(b)
	}
}
