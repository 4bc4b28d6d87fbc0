package osstest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far a request's time may be from the server's.
const maxSkew = 15 * time.Minute

// The fixed parts of a version 4 signature.
const (
	algorithmV4 = "OSS4-HMAC-SHA256"
	suffixV4    = "aliyun_v4_request"
	payloadV4   = "UNSIGNED-PAYLOAD" // the only value of X-Oss-Content-Sha256 that OSS accepts
)

// signatureV4 is what an Authorization header of version 4 has.
type signatureV4 struct {
	id         string
	scope      []string // day, region, "oss" and suffixV4
	additional []string // headers that are signed besides those that always are; mostly none
	value      string   // 64 hexadecimal digits
}

// verify checks who sent the request. It follows the page "Include a V4 signature
// in the Authorization header" of OSS' documentation, and the pages of the error
// codes 0002-00000202 to 0002-00000228. Version 1 is refused, as OSS refuses it for
// accounts and buckets made since 2025 (0002-00000080).
func (s *Server) verify(r *http.Request, req Request) error {
	authorization := r.Header.Get("Authorization")
	rest, ok := strings.CutPrefix(authorization, algorithmV4+" ")
	switch {
	case strings.HasPrefix(authorization, "OSS "):
		return &ossError{Code: "AccessDenied", EC: "0002-00000080", Message: "OSS no longer supports V1 signatures."}
	case !ok:
		return &ossError{Code: "AccessDenied", Message: "Anonymous access is forbidden for this operation."}
	}
	signature, err := parseSignatureV4(rest)
	if err != nil {
		return err
	}
	at, err := s.requestTime(r)
	if err != nil {
		return err
	}
	if err := s.checkScope(signature.scope, at); err != nil {
		return err
	}
	if r.Header.Get("X-Oss-Content-Sha256") != payloadV4 {
		return &ossError{Code: "InvalidArgument", Message: "X-Oss-Content-Sha256 is not " + payloadV4 + "."}
	}
	key, err := s.key(r, signature.id)
	if err != nil {
		return err
	}
	toSign := stringToSignV4(r, req, signature)
	if subtle.ConstantTimeCompare([]byte(signV4(key.Secret, signature.scope, toSign)), []byte(signature.value)) != 1 {
		return &ossError{Code: "SignatureDoesNotMatch", StringToSign: toSign}
	}
	return nil
}

// parseSignatureV4 reads the header behind the name of the algorithm: two or three
// pairs, joined by commas.
func parseSignatureV4(text string) (c signatureV4, err error) {
	malformed := func(ec, message string) error {
		return &ossError{Code: "InvalidArgument", EC: ec, Message: message}
	}
	fields, known := map[string]string{}, []string{"Credential", "AdditionalHeaders", "Signature"}
	for field := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		if _, twice := fields[name]; twice || !slices.Contains(known, name) {
			return c, malformed("0002-00000203", "The Authorization header is malformed.")
		}
		fields[name] = value
	}
	parts := strings.Split(fields["Credential"], "/")
	if len(parts) != 5 || parts[3] != "oss" || parts[4] != suffixV4 {
		return c, malformed("0002-00000213", "The credential of the Authorization header is malformed.")
	}
	c.id, c.scope, c.value = parts[0], parts[1:], fields["Signature"]
	if list, given := fields["AdditionalHeaders"]; given {
		c.additional = strings.Split(list, ";")
		if list == "" || list != strings.ToLower(list) || !slices.IsSorted(c.additional) {
			return c, malformed("0002-00000209", "AdditionalHeaders is not a sorted list of lower-case names.")
		}
	}
	return c, nil
}

// checkScope compares the signed day with the request's time, and the signed region
// with the endpoint's.
func (s *Server) checkScope(scope []string, at time.Time) error {
	switch {
	case scope[0] != at.UTC().Format("20060102"):
		return &ossError{Code: "InvalidArgument", Message: "The date of the credential is not that of the request."}
	case scope[1] != s.region:
		return &ossError{Code: "InvalidArgument", EC: "0002-00000228",
			Message: "The signing region in credential is invalid."}
	}
	return nil
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

// requestTime returns the time of a request, which must be near the server's.
func (s *Server) requestTime(r *http.Request) (time.Time, error) {
	at, err := http.ParseTime(r.Header.Get("Date"))
	if compact := r.Header.Get("X-Oss-Date"); compact != "" {
		at, err = time.Parse("20060102T150405Z", compact)
	}
	if err != nil {
		return at, &ossError{Code: "AccessDenied", Message: "OSS authentication requires a valid Date."}
	}
	if s.now().Sub(at).Abs() > maxSkew {
		return at, &ossError{Code: "RequestTimeTooSkewed"}
	}
	return at, nil
}

// signV4 signs with a key that is derived from the secret and each part of the scope.
func signV4(secret string, scope []string, toSign string) string {
	key := []byte("aliyun_v4" + secret)
	for _, part := range scope {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, toSign))
}

func hmacSHA256(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// canonicalHeaders returns the signed headers in their canonical form, one a line:
// content type, MD5, every header of OSS, and the additional ones.
func canonicalHeaders(r *http.Request, additional []string) string {
	signed := map[string]string{}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-oss-") || name == "content-type" || name == "content-md5" ||
			slices.Contains(additional, name) {
			signed[name] = strings.TrimSpace(values[0])
		}
	}
	if slices.Contains(additional, "host") { // net/http keeps it apart
		signed["host"] = r.Host
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		b.WriteString(name + ":" + signed[name] + "\n")
	}
	return b.String()
}

// stringToSignV4 returns the string to sign: the time, the scope and the hash of the
// canonical request. The bucket is always the first step of the path, even if it is
// part of the host name.
func stringToSignV4(r *http.Request, req Request, c signatureV4) string {
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
	canonical := strings.Join([]string{r.Method, path, strings.Join(query, "&"), canonicalHeaders(r, c.additional),
		strings.Join(c.additional, ";"), r.Header.Get("X-Oss-Content-Sha256")}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	date := cmp.Or(r.Header.Get("X-Oss-Date"), r.Header.Get("Date"))
	return strings.Join([]string{algorithmV4, date, strings.Join(c.scope, "/"), hex.EncodeToString(sum[:])}, "\n")
}

// escape percent-encodes everything but letters, digits and -_.~
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
