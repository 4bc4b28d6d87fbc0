package acsauth

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"mime"
	"net/http"
	"slices"
)

// parseRPC1 parses a request of the query dialect. Its parameters stand in the
// query and, in a POST, in a form; all but Signature are signed. A repeated name
// is refused, because the signature and the handler could read different values.
func parseRPC1(r *http.Request, body []byte) (*signedRequest, error) {
	params, err := formParams(r, body)
	if err != nil {
		return nil, err
	}
	values, err := signedValues(params)
	if err != nil {
		return nil, err
	}
	c := &signedRequest{signature: values["Signature"], sign: signRPC1, Signature: Signature{
		AccessKeyID: values["AccessKeyId"], SecurityToken: values["SecurityToken"], Nonce: values["SignatureNonce"],
		Dialect: RPC1,
	}}
	if c.Time, err = parseTimestamp("Timestamp", values["Timestamp"]); err != nil {
		return nil, err
	}
	// The path is always "/" in this dialect, here encoded as %2F.
	params = slices.DeleteFunc(params, func(p param) bool { return p.name == "Signature" })
	c.stringToSign = r.Method + "&%2F&" + percentEncode(encodeParams(params))
	return c, nil
}

// signedValues returns the parameters by name. It returns an error if one that belongs
// to the signature is missing, or asks for another kind of signature.
func signedValues(params []param) (map[string]string, error) {
	values := make(map[string]string, len(params))
	for _, p := range params {
		if _, twice := values[p.name]; twice {
			return nil, invalidRequest("a parameter is there twice")
		}
		values[p.name] = p.value
	}
	// All of these are part of the signature's definition.
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce",
		"Timestamp"} {
		if values[name] == "" {
			return nil, missingParameter(name)
		}
	}
	// Only one combination of method, version and type is supported.
	if values["SignatureMethod"] != "HMAC-SHA1" || values["SignatureVersion"] != "1.0" ||
		values["SignatureType"] != "" {
		return nil, incompleteSignature(
			"SignatureMethod must be HMAC-SHA1, SignatureVersion 1.0 and SignatureType empty")
	}
	return values, nil
}

// signRPC1 returns the HMAC-SHA1 of a string to sign, in base64. The standard appends
// "&" to the secret.
func signRPC1(secret, stringToSign string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(stringToSign))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// formParams returns the parameters of the query and the form. This dialect signs
// a body only as a form, so any other body is refused.
func formParams(r *http.Request, body []byte) ([]param, error) {
	params, err := parseParams(nil, r.URL.RawQuery)
	if err != nil || len(body) == 0 {
		return params, err
	}
	// A charset after the type is allowed.
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || kind != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("a body must be a form that is sent with POST")
	}
	return parseParams(params, string(body))
}
