package osstest

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/johannesboyne/gofakes3"
)

// The two types of object.
const (
	normalType     = "Normal"
	appendableType = "Appendable"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

func crc64Text(data []byte) string { return strconv.FormatUint(crc64.Checksum(data, crcTable), 10) }

// handle answers a request, with an error document if it fails.
func (s *Server) handle(a *response, r *http.Request, req Request) {
	if err := s.route(a, r, req); err != nil {
		var e *ossError
		var theirs *gofakes3.ErrorResponse
		switch {
		case errors.As(err, &e):
		case errors.As(err, &theirs):
			e = &ossError{Code: string(theirs.Code), Message: theirs.Message}
		default:
			e = &ossError{Code: "InternalError", Message: err.Error()}
		}
		e.Key, e.BucketName = req.Key, req.Bucket
		a.status = 0
		a.setError(*e)
	}
}

// route verifies the request and answers it here or by gofakes3.
func (s *Server) route(a *response, r *http.Request, req Request) error {
	if err := s.verify(r, req); err != nil {
		return err
	}
	if err := s.checkNames(r, req); err != nil {
		return err
	}
	_, appends := req.Query["append"]
	switch {
	case req.Key == "" && req.Bucket != "" && r.Method == http.MethodGet && !req.Query.Has("location"):
		return s.listObjects(a, req)
	case req.Key != "" && r.Method == http.MethodPost && appends:
		return s.appendObject(a, r, req)
	case req.Key != "" && r.Method == http.MethodPut:
		return s.putObject(a, r, req)
	}
	s.forwardToGofakes3(a, r, req, nil)
	if r.Header.Get("X-Oss-Range-Behavior") != "standard" && isRangeBeyondEnd(r.Header.Get("Range"), a) {
		// By default OSS answers such a range with the whole object.
		r = r.Clone(r.Context())
		r.Header.Del("Range")
		*a = *newResponse(a.id, a.host)
		s.forwardToGofakes3(a, r, req, nil)
	}
	return nil
}

// checkNames returns an error if the bucket does not exist or the key is invalid.
func (s *Server) checkNames(r *http.Request, req Request) error {
	if req.Bucket != "" && r.Method != http.MethodPut || req.Key != "" {
		if exists, err := s.store.BucketExists(req.Bucket); err != nil {
			return err
		} else if !exists {
			return &ossError{Code: "NoSuchBucket"}
		}
	}
	if req.Key == "" {
		return nil
	}
	if len(req.Key) > 1023 || !utf8.ValidString(req.Key) || strings.ContainsAny(req.Key[:1], `/\`) {
		return &ossError{Code: "InvalidObjectName"}
	}
	return nil
}

// isRangeBeyondEnd reports whether the requested range goes beyond the end of the
// object.
func isRangeBeyondEnd(asked string, a *response) bool {
	var from, to, first, last int64
	if n, _ := fmt.Sscanf(asked, "bytes=%d-%d", &from, &to); n == 2 && a.status == http.StatusPartialContent {
		_, err := fmt.Sscanf(a.header.Get("Content-Range"), "bytes %d-%d/", &first, &last)
		return err != nil || last < to
	}
	return a.status == http.StatusRequestedRangeNotSatisfiable
}

// forwardToGofakes3 lets gofakes3 answer. It replaces x-oss headers by x-amz
// headers and back.
func (s *Server) forwardToGofakes3(a *response, r *http.Request, req Request, body []byte) {
	r = r.Clone(r.Context())
	r.URL.Path = "/" + req.Bucket
	if req.Key != "" {
		r.URL.Path += "/" + req.Key
	}
	for name, values := range r.Header {
		if rest, ok := strings.CutPrefix(name, "X-Oss-"); ok {
			delete(r.Header, name)
			if strings.HasPrefix(rest, "Meta-") || rest == "Copy-Source" {
				r.Header["X-Amz-"+rest] = values
			}
		}
	}
	if tag := r.Header.Get("If-None-Match"); tag != "" {
		r.Header.Set("If-None-Match", strings.ToLower(tag))
	}
	if body != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && body == nil {
		s.writing.Lock()
		defer s.writing.Unlock()
	}
	s.fake.ServeHTTP(a, r)
	a.translateHeaders(req)
}

// readBody reads the whole body and verifies its length and MD5. It must be
// called without the lock.
func readBody(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil || r.ContentLength >= 0 && int64(len(data)) != r.ContentLength {
		return nil, &ossError{Code: "RequestTimeout"}
	}
	sum := md5.Sum(data)
	if given := r.Header.Get("Content-MD5"); given != "" && given != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, &ossError{Code: "InvalidDigest"}
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// putObject answers PutObject.
func (s *Server) putObject(a *response, r *http.Request, req Request) error {
	data, err := readBody(r)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if strings.EqualFold(r.Header.Get("X-Oss-Forbid-Overwrite"), "true") {
		if _, err := s.store.HeadObject(req.Bucket, req.Key); err == nil {
			return &ossError{Code: "FileAlreadyExists"}
		} else if !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
			return err
		}
	}
	s.forwardToGofakes3(a, r, req, data)
	if a.status == http.StatusOK {
		a.header.Set("X-Oss-Hash-Crc64ecma", crc64Text(data))
	}
	return nil
}

// appendObject answers AppendObject.
func (s *Server) appendObject(a *response, r *http.Request, req Request) error {
	position, err := strconv.ParseInt(req.Query.Get("position"), 10, 64)
	if err != nil || position < 0 {
		return &ossError{Code: "InvalidArgument", Message: "position must be a number from 0", EC: "0016-00000501"}
	}
	data, err := readBody(r)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.store.appendTo(req.Bucket, req.Key, position, data, r.Header.Get("Content-Type"), s.now()); err != nil {
		return err
	}
	o, err := s.store.HeadObject(req.Bucket, req.Key)
	if err != nil {
		return err
	}
	a.header.Set("ETag", fmt.Sprintf("\"%X\"", o.Hash))
	a.header.Set("X-Oss-Hash-Crc64ecma", o.Metadata["X-Oss-Hash-Crc64ecma"])
	a.header.Set("X-Oss-Next-Append-Position", strconv.FormatInt(o.Size, 10))
	a.header.Set("Content-Length", "0")
	a.status = http.StatusOK
	return nil
}

// checkAppend returns an error if an append at position is not allowed to the
// object; nil: there is no object.
func checkAppend(old *gofakes3.Object, position int64) error {
	switch {
	case old != nil && old.Metadata["X-Oss-Object-Type"] != appendableType:
		return &ossError{Code: "ObjectNotAppendable"}
	case old == nil && position != 0, old != nil && position != old.Size:
		return &ossError{Code: "PositionNotEqualToLength"}
	}
	return nil
}
