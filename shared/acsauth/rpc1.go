package acsauth

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"mime"
	"net/http"
	"slices"
)

// parseRPC1 reads a request of the query dialect. Its parameters may stand in
// the query, and in a POST in a form as well; all of them but Signature are
// signed. A name that occurs twice is refused: what was signed and what a
// handler reads could differ.
func parseRPC1(r *http.Request, body []byte) (*claim, error) {
	params, err := formParams(r, body)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(params))
	for _, p := range params {
		if _, twice := values[p.name]; twice {
			return nil, invalid("a parameter is there twice")
		}
		values[p.name] = p.value
	}
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"} {
		if values[name] == "" {
			return nil, missing(name)
		}
	}
	if values["SignatureMethod"] != "HMAC-SHA1" || values["SignatureVersion"] != "1.0" || values["SignatureType"] != "" {
		return nil, incomplete("SignatureMethod must be HMAC-SHA1, SignatureVersion 1.0 and SignatureType empty")
	}
	c := &claim{given: values["Signature"], Signature: Signature{
		AccessKeyID: values["AccessKeyId"], SecurityToken: values["SecurityToken"], Nonce: values["SignatureNonce"], Dialect: RPC1,
	}}
	if c.Time, err = timestamp("Timestamp", values["Timestamp"]); err != nil {
		return nil, err
	}
	params = slices.DeleteFunc(params, func(p param) bool { return p.name == "Signature" })
	c.stringToSign = r.Method + "&%2F&" + escape(encodeParams(params))
	c.sign = func(secret, stringToSign string) string {
		mac := hmac.New(sha1.New, []byte(secret+"&"))
		mac.Write([]byte(stringToSign))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return c, nil
}

// formParams are the parameters of the query and the form. The signature of
// this dialect covers a body only as a form, so any other body is refused.
func formParams(r *http.Request, body []byte) ([]param, error) {
	params, err := parseParams(nil, r.URL.RawQuery)
	if err != nil || len(body) == 0 {
		return params, err
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || kind != "application/x-www-form-urlencoded" {
		return nil, invalid("a body must be a form that is sent with POST")
	}
	return parseParams(params, string(body))
}
