package osstest

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/johannesboyne/gofakes3"
)

// response collects an answer before it is sent; it is the http.ResponseWriter
// that gofakes3 writes to.
type response struct {
	id, host string
	status   int
	header   http.Header
	body     *bytes.Buffer
	code     string // of an error
}

func newResponse(id, host string) *response {
	body := bodies.Get().(*bytes.Buffer)
	body.Reset()
	return &response{id: id, host: host, header: http.Header{}, body: body}
}

// bodies are used again: new memory for each large object would keep its
// reader waiting longer than OSS does.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// release gives the body back once the answer has been sent.
func (a *response) release() { bodies.Put(a.body) }

func (a *response) Header() http.Header { return a.header }

func (a *response) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *response) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// ossError is OSS' error document.
type ossError struct {
	XMLName      xml.Name `xml:"Error"`
	Code         string
	Message      string
	RequestID    string `xml:"RequestId"`
	HostID       string `xml:"HostId"`
	Key          string `xml:",omitempty"`
	BucketName   string `xml:",omitempty"`
	StringToSign string `xml:",omitempty"`
	EC           string `xml:",omitempty"`
}

func (e *ossError) Error() string { return e.Code + ": " + e.Message }

// codes are the statuses and the EC that OSS documents.
var codes = map[string]struct {
	status      int
	ec, message string
}{
	"AccessDenied": {403, "0003-00000001",
		"You have no right to access this object because of bucket acl."},
	"FileAlreadyExists": {409, "0026-00000002",
		"The object you specified already exists and can not be overwritten."},
	"InvalidAccessKeyId": {403, "0002-00000902",
		"The OSS Access Key Id you provided does not exist in our records."},
	"InvalidArgument":          {400, "", "The argument is invalid."},
	"InvalidDigest":            {400, "", "The Content-MD5 you specified was invalid."},
	"InvalidObjectName":        {400, "", "The specified object is not valid."},
	"InvalidRange":             {416, "", "The requested range cannot be satisfied."},
	"InvalidSecurityToken":     {403, "", "The security token you provided is invalid."},
	"MethodNotAllowed":         {405, "", "The specified method is not allowed against this resource."},
	"NoSuchBucket":             {404, "0015-00000101", "The specified bucket does not exist."},
	"NoSuchKey":                {404, "0026-00000001", "The specified key does not exist."},
	"ObjectNotAppendable":      {409, "0026-00000017", "The object is not appendable."},
	"PositionNotEqualToLength": {409, "0026-00000016", "Position is not equal to file length."},
	"RequestTimeout": {400, "",
		"Your socket connection to the server was not read from or written to within the timeout period."},
	"RequestTimeTooSkewed": {403, "", "The difference between the request time and the current time is too large."},
	"SecurityTokenExpired": {403, "", "The security token you provided has expired."},
	"SignatureDoesNotMatch": {403, "0002-00000040", "The request signature we calculated does not match the " +
		"signature you provided. Check your key and signing method."},
}

// setError answers with an error document.
func (a *response) setError(e ossError) {
	known := codes[e.Code]
	if e.Message == "" {
		e.Message = known.message
	}
	if e.EC == "" {
		e.EC = known.ec
	}
	if a.status == 0 {
		a.status = known.status
	}
	if a.status == 0 {
		a.status = http.StatusInternalServerError
	}
	a.code, e.RequestID, e.HostID = e.Code, a.id, a.host
	a.body.Reset()
	a.body.WriteString(xml.Header)
	_ = xml.NewEncoder(a.body).Encode(e)
	a.header = http.Header{"Content-Type": {"application/xml"}}
	if e.EC != "" {
		a.header.Set("X-Oss-Ec", e.EC)
	}
}

// translateHeaders turns what gofakes3 answered into what OSS would.
func (a *response) translateHeaders(req Request) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.status >= 400 {
		var e gofakes3.ErrorResponse
		_ = xml.Unmarshal(a.body.Bytes(), &e)
		a.setError(ossError{Code: string(e.Code), Message: e.Message, Key: req.Key, BucketName: req.Bucket})
		return
	}
	for name, values := range a.header {
		if rest, ok := strings.CutPrefix(name, "X-Amz-"); ok {
			delete(a.header, name)
			if strings.HasPrefix(rest, "Meta-") {
				a.header["X-Oss-"+rest] = values
			}
		}
		if strings.HasPrefix(name, "Access-Control-") {
			delete(a.header, name)
		}
	}
	if tag := a.header.Get("ETag"); tag != "" {
		a.header.Set("ETag", strings.ToUpper(tag))
	}
	if a.header.Get("X-Oss-Object-Type") == appendableType {
		size := a.header.Get("Content-Length")
		if _, total, ok := strings.Cut(a.header.Get("Content-Range"), "/"); ok {
			size = total
		}
		if size != "" {
			a.header.Set("X-Oss-Next-Append-Position", size)
		}
	}
	switch {
	case a.status == http.StatusNotModified:
		a.body.Reset()
	case req.Method != http.MethodHead:
		a.header.Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
}
