package osstest

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far a request's time may be from the server's.
const maxSkew = 15 * time.Minute

// verify checks who sent the request, as OSS documents it for a signature in
// the Authorization header, version 1 and version 4.
func (s *Server) verify(r *http.Request, req Request) error {
	authorization := r.Header.Get("Authorization")
	var id, given, toSign string
	var sign func(secret string) string
	if rest, ok := strings.CutPrefix(authorization, "OSS "); ok {
		id, given, _ = strings.Cut(rest, ":")
		toSign = stringToSignV1(r, req)
		sign = func(secret string) string {
			return base64.StdEncoding.EncodeToString(mac(sha1.New, []byte(secret), toSign))
		}
	} else if rest, ok := strings.CutPrefix(authorization, "OSS4-HMAC-SHA256 "); ok {
		fields := map[string]string{}
		for field := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			fields[name] = value
		}
		scope := strings.Split(fields["Credential"], "/")
		if len(scope) != 5 || scope[3] != "oss" || scope[4] != "aliyun_v4_request" {
			return &ossError{Code: "InvalidArgument",
				Message: "The credential of the Authorization header is malformed."}
		}
		id, given = scope[0], fields["Signature"]
		toSign = stringToSignV4(r, req, scope[1:], fields["AdditionalHeaders"])
		sign = func(secret string) string {
			key := []byte("aliyun_v4" + secret)
			for _, part := range scope[1:] {
				key = mac(sha256.New, key, part)
			}
			return hex.EncodeToString(mac(sha256.New, key, toSign))
		}
	} else {
		return &ossError{Code: "AccessDenied", Message: "Anonymous access is forbidden for this operation."}
	}
	key, err := s.key(r, id)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(sign(key.Secret)), []byte(given)) != 1 {
		return &ossError{Code: "SignatureDoesNotMatch", StringToSign: toSign}
	}
	return s.checkTime(r)
}

// key finds the key of an id, and checks its token.
func (s *Server) key(r *http.Request, id string) (Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, &ossError{Code: "InvalidAccessKeyId"}
	}
	key := s.keys[i]
	if !key.Expires.IsZero() && s.now().After(key.Expires) {
		return Key{}, &ossError{Code: "SecurityTokenExpired"}
	}
	if key.Token != r.Header.Get("X-Oss-Security-Token") {
		return Key{}, &ossError{Code: "InvalidSecurityToken"}
	}
	return key, nil
}

func (s *Server) checkTime(r *http.Request) error {
	at, err := http.ParseTime(r.Header.Get("Date"))
	if compact := r.Header.Get("X-Oss-Date"); compact != "" {
		at, err = time.Parse("20060102T150405Z", compact)
	}
	if err != nil {
		return &ossError{Code: "AccessDenied", Message: "OSS authentication requires a valid Date."}
	}
	if s.now().Sub(at).Abs() > maxSkew {
		return &ossError{Code: "RequestTimeTooSkewed"}
	}
	return nil
}

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// signedHeaders renders the headers that keep names, one a line.
func signedHeaders(r *http.Request, keep func(name string) bool) string {
	lower := map[string]string{}
	for name, values := range r.Header {
		if name = strings.ToLower(name); keep(name) {
			lower[name] = strings.TrimSpace(values[0])
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lower)) {
		b.WriteString(name + ":" + lower[name] + "\n")
	}
	return b.String()
}

// subresources are the parameters that version 1 signs, of the operations
// that the endpoint serves.
var subresources = []string{
	"acl", "append", "continuation-token", "delete", "location", "objectMeta", "partNumber", "position",
	"security-token", "tagging",
	"uploadId", "uploads", "versionId", "versioning", "versions",
	"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
	"response-content-type", "response-expires",
}

func stringToSignV1(r *http.Request, req Request) string {
	resource := "/"
	if req.Bucket != "" {
		resource += req.Bucket + "/" + req.Key
	}
	separator := "?"
	for _, name := range slices.Sorted(maps.Keys(req.Query)) {
		if !slices.Contains(subresources, name) {
			continue
		}
		resource += separator + name
		if value := req.Query.Get(name); value != "" {
			resource += "=" + value
		}
		separator = "&"
	}
	return strings.Join([]string{r.Method, r.Header.Get("Content-MD5"), r.Header.Get("Content-Type"),
		r.Header.Get("Date"), ""}, "\n") +
		signedHeaders(r, func(name string) bool { return strings.HasPrefix(name, "x-oss-") }) + resource
}

func stringToSignV4(r *http.Request, req Request, scope []string, additional string) string {
	path := "/"
	if req.Bucket != "" {
		path += req.Bucket + "/" + strings.ReplaceAll(escape(req.Key), "%2F", "/")
	}
	var query []string
	for name, values := range req.Query {
		if values[0] == "" {
			query = append(query, escape(name))
		} else {
			query = append(query, escape(name)+"="+escape(values[0]))
		}
	}
	slices.Sort(query)
	names := strings.Split(additional, ";")
	headers := signedHeaders(r, func(name string) bool {
		return strings.HasPrefix(name, "x-oss-") || name == "content-type" || name == "content-md5" ||
			slices.Contains(names, name)
	})
	canonical := strings.Join([]string{r.Method, path, strings.Join(query, "&"), headers, additional,
		r.Header.Get("X-Oss-Content-Sha256")}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	date := r.Header.Get("X-Oss-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	return strings.Join([]string{"OSS4-HMAC-SHA256", date, strings.Join(scope, "/"), hex.EncodeToString(sum[:])}, "\n")
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
