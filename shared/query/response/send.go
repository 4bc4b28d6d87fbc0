package response

import (
	"context"
	"net/http"
	"strings"

	"community-images/shared/query/etag"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// Send writes the headers of an answer, and the body unless the caller has it
// already. bodyKey returns the key under which the body of an answer is cached. Send
// returns an error only if nothing has been written.
//
// The order matters: the body is rendered before any header is set, so that an
// error during rendering can still become an error answer.
func (w *Writer) Send(ctx context.Context, req *request.Request, ans *Answer, bodyKey func(*Answer) string) error {
	// RFC 9110, section 13.2.2: If-Match comes first.
	if err := etag.CheckIfMatch(etag.JoinHeaderLines(w.Request.Header, "If-Match"), ans.ETag); err != nil {
		return err
	}
	r, err := w.prepareResponse(ctx, req, ans, bodyKey)
	if err != nil {
		return err
	}
	// The client's wish counts for a 304 too: it decides which of two tags is
	// confirmed.
	zip := w.Gzip && acceptsGzip(etag.JoinHeaderLines(w.Request.Header, "Accept-Encoding"))
	w.setHeaders(req, ans)
	if client := r.client; client.HasAnswer() || client.Any {
		w.setETag(r.etag, client.Gzipped && (zip || !client.Plain))
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	// The envelope is never compressed, so the body decides.
	zip = zip && len(r.Bytes) >= gzipMinSize
	w.setBodyHeaders(req, r.etag, r.payload, zip)
	w.WriteParts(r.parts(zip))
	return nil
}

// response is an answer that is ready to be sent.
type response struct {
	payload
	etag   string
	client etag.ClientTags // the forms that the caller has already
}

// prepareResponse renders an answer, unless the caller has it.
func (w *Writer) prepareResponse(
	ctx context.Context, req *request.Request, ans *Answer, bodyKey func(*Answer) string,
) (r response, err error) {
	ifNoneMatch := etag.JoinHeaderLines(w.Request.Header, "If-None-Match")
	r.etag, r.client = ans.ETag, etag.ParseIfNoneMatch(ifNoneMatch, ans.ETag)
	if r.client.HasAnswer() {
		return r, nil
	}
	// It is rendered for "*" too, which asks whether there is an answer.
	if r.payload, err = w.renderPayload(ctx, req, ans, bodyKey); err != nil {
		return r, err
	}
	r.etag = ans.ETag // an answer may give it up while it is rendered
	// Hints about more than the ETag covers change it.
	if suffix := r.Hints.ETagSuffix(); suffix != "" && r.etag != "" {
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
func (w *Writer) renderPayload(
	ctx context.Context, req *request.Request, ans *Answer, bodyKey func(*Answer) string,
) (payload, error) {
	var envelope []byte
	if req.Format == request.FormatJSON && !ans.OmitEnvelope {
		envelope = w.makeEnvelope(req, ans)
	}
	key, canCache := bodyKey(ans)+req.Spelling, ans.ETag != "" && !ans.ShowsAges
	if canCache {
		if b, ok := w.Bodies.Get(key); ok {
			return payload{Body: b, envelope: envelope}, nil
		}
	}
	b, err := ans.Render(ctx, envelope)
	if err != nil {
		return payload{}, err
	}
	// Both slices share memory, so neither is copied. Only the body is cached;
	// it keeps the memory of the envelope alive, which is small.
	whole := b.Bytes
	b.Bytes = whole[len(envelope):]
	if len(b.Bytes) > maxBodyBytes {
		return payload{}, fault.NewError([]fault.Fault{answerTooLarge(req.Route, req.Limit, len(b.Bytes))})
	}
	// Hints about other scopes change without the ETag by which bodies are kept. An answer
	// without a part that could not be read has given up its ETag.
	if canCache && ans.ETag != "" && b.Hints.ETagSuffix() == "" {
		// A body that is kept is compressed once, for all calls that will share
		// it.
		if w.Gzip && len(b.Bytes) >= gzipMinSize {
			b.deflated = deflate(b.Bytes)
		}
		// The constant stands for the structs and the key.
		w.Bodies.Put(key, b, len(b.Bytes)+len(b.deflated)+256)
	}
	return payload{Body: b, envelope: envelope, whole: whole}, nil
}

// makeEnvelope returns the beginning of a JSON answer: the members that every
// answer has. The object is not closed.
func (w *Writer) makeEnvelope(req *request.Request, ans *Answer) []byte {
	b := make([]byte, 0, 512)
	b = append(b, `{"RequestId":`...)
	b = field.AppendString(b, w.ID)
	b = append(b, `,"RegionId":`...)
	b = field.AppendString(b, ans.Region)
	b = append(b, `,"ClusterId":`...)
	b = field.AppendString(b, strings.Join(req.GivenSelection.Clusters, ","))
	b = append(b, `,"InstanceType":`...)
	b = field.AppendString(b, strings.Join(req.GivenSelection.Types, ","))
	if ans.Freshness != nil {
		b = append(b, `,"Snapshot":`...)
		b = render.AppendFreshness(b, *ans.Freshness)
	}
	return b
}
