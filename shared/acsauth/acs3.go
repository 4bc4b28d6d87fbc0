package acsauth

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// acs3Algorithm begins the Authorization header and the string to sign.
const acs3Algorithm = "ACS3-HMAC-SHA256"

// parseACS3 reads a request of the header dialect:
//
//	Authorization: ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=<a;b>,Signature=<hex>
func parseACS3(r *http.Request, body []byte, authorization string) (*signedRequest, error) {
	id, names, signature, err := parseAuthorization(authorization)
	if err != nil {
		return nil, err
	}
	c := &signedRequest{Signature: Signature{AccessKeyID: id, Dialect: ACS3}, signature: signature, sign: signACS3}
	if err := c.readHeaders(r.Header); err != nil {
		return nil, err
	}
	payload, err := verifyBodyHash(r.Header.Get("X-Acs-Content-Sha256"), body)
	if err != nil {
		return nil, err
	}
	headers, err := canonicalHeaders(r, names, len(body) > 0)
	if err != nil {
		return nil, err
	}
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	// The canonical request, and the string to sign that is made of it, differ only
	// in the path.
	canonical := func(path string) (request, stringToSign string) {
		request = r.Method + "\n" + path + "\n" + query + "\n" + headers + "\n" + strings.Join(names, ";") + "\n" +
			payload
		sum := sha256.Sum256([]byte(request))
		return request, acs3Algorithm + "\n" + hex.EncodeToString(sum[:])
	}
	path, sent := canonicalPath(r.URL), r.URL.EscapedPath()
	c.canonicalRequest, c.stringToSign = canonical(path)
	if sent != "" && sent != path {
		_, c.stringToSignAsSent = canonical(sent)
	}
	return c, nil
}

// readHeaders reads nonce, security token and time. Nonce and time are required:
// without them a request could be replayed.
func (c *signedRequest) readHeaders(h http.Header) (err error) {
	if c.Nonce = h.Get("X-Acs-Signature-Nonce"); c.Nonce == "" {
		return missingParameter("x-acs-signature-nonce")
	}
	c.SecurityToken = h.Get("X-Acs-Security-Token")
	date := h.Get("X-Acs-Date")
	if date == "" {
		return missingParameter("x-acs-date")
	}
	c.Time, err = parseTimestamp("x-acs-date", date)
	return err
}

// verifyBodyHash returns the SHA-256 of the body in hexadecimal digits. It returns
// an error if the client claims another: the signature covers only the hash.
func verifyBodyHash(claimed string, body []byte) (string, error) {
	if claimed == "" {
		return "", missingParameter("x-acs-content-sha256")
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if claimed != hash {
		return "", incompleteSignature("x-acs-content-sha256 is not the SHA-256 of the body")
	}
	return hash, nil
}

// signACS3 returns the HMAC-SHA256 of a string to sign, in hexadecimal digits.
func signACS3(secret, stringToSign string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stringToSign))
	return hex.EncodeToString(mac.Sum(nil))
}

// parseAuthorization splits the header. Names of signed headers must be in
// lower case and sorted, as the standard wants and every SDK does.
func parseAuthorization(s string) (id string, signed []string, signature string, err error) {
	// Bound the work before anything is split.
	if len(s) > maxHeader {
		return "", nil, "", incompleteSignature("the Authorization header is longer than 8192 bytes")
	}
	algorithm, rest, _ := strings.Cut(s, " ")
	if algorithm != acs3Algorithm {
		return "", nil, "", incompleteSignature("the algorithm of the Authorization header is not " + acs3Algorithm)
	}
	// Read the parts in any order, each once: with two credentials it would not be
	// clear which one is meant.
	seen := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := seen[name]; twice {
			return "", nil, "", incompleteSignature("a part of the Authorization header is there twice")
		}
		seen[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if seen[name] == "" {
			return "", nil, "", incompleteSignature("the Authorization header has no " + name)
		}
	}
	signed = strings.Split(seen["SignedHeaders"], ";")
	if len(signed) > maxSigned {
		return "", nil, "", incompleteSignature("more than 64 headers are signed")
	}
	// Sorted without repetitions, so there is one canonical form for each set of names.
	for i, name := range signed {
		if i > 0 && signed[i-1] >= name || strings.ToLower(name) != name {
			return "", nil, "", incompleteSignature("SignedHeaders is not a sorted list of lower-case names")
		}
	}
	return seen["Credential"], signed, seen["Signature"], nil
}

// canonicalHeaders returns the signed headers in canonical form. It returns an
// error if a header that matters is not signed: host, every x-acs header and,
// with a body, the content type.
func canonicalHeaders(r *http.Request, signed []string, hasBody bool) (string, error) {
	must := func(name string) error {
		if !slices.Contains(signed, name) {
			return incompleteSignature("the header " + strings.ToValidUTF8(name, "?") + " is not signed")
		}
		return nil
	}
	// The host keeps a request from being sent to another service.
	if err := must("host"); err != nil {
		return "", err
	}
	// An unsigned header that the handler reads could be changed on the way.
	for key, values := range r.Header {
		name := strings.ToLower(key)
		acs := strings.HasPrefix(name, "x-acs-")
		if acs && len(values) > 1 {
			return "", incompleteSignature("the header " + name + " is there twice")
		}
		if acs || name == "content-type" && hasBody {
			if err := must(name); err != nil {
				return "", err
			}
		}
	}
	// Write the headers in the order of SignedHeaders.
	var b strings.Builder
	for _, name := range signed {
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(headerValue(r, name))
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// headerValue joins the lines of a header in sorted order.
func headerValue(r *http.Request, name string) string {
	// net/http keeps the host outside of Header.
	if name == "host" {
		return r.Host
	}
	values := slices.Clone(r.Header.Values(name))
	// The standard trims each value.
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
	}
	slices.Sort(values)
	return strings.Join(values, ",")
}

// canonicalPath encodes each segment anew, so that the encoding of a proxy makes
// no difference.
func canonicalPath(u *url.URL) string {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		// A segment that is not validly encoded stays as it is.
		if plain, err := url.PathUnescape(s); err == nil {
			segments[i] = percentEncode(plain)
		}
	}
	if path := strings.Join(segments, "/"); path != "" {
		return path
	}
	return "/"
}

// param is a parameter of a query or form.
// Both are decoded.
type param struct{ name, value string }

// canonicalQuery returns the query sorted by name and value.
func canonicalQuery(raw string) (string, error) {
	params, err := parseParams(nil, raw)
	if err != nil {
		return "", err
	}
	return encodeParams(params), nil
}

// parseParams appends the parameters of a query or form to params.
func parseParams(params []param, raw string) ([]param, error) {
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		// A '+' is a space, as in forms.
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || strings.Contains(pair, ";") {
			return nil, invalidRequest("a parameter is not percent-encoded as it should be")
		}
		if params = append(params, param{name, value}); len(params) > maxParams {
			return nil, invalidRequest("there are more than 256 parameters")
		}
	}
	return params, nil
}

// encodeParams returns the canonical query string. It sorts params.
func encodeParams(params []param) string {
	slices.SortFunc(params, func(a, b param) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var b strings.Builder
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(percentEncode(p.name))
		b.WriteByte('=')
		b.WriteString(percentEncode(p.value))
	}
	return b.String()
}
