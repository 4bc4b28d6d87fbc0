package acs

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
)

// Sign signs a request without a body as an HTTP trigger of Function Compute
// with the authentication "function" wants it. The request must not be
// changed afterwards.
//
// Source: help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers
func Sign(r *http.Request, c Credentials) {
	empty := sha256.Sum256(nil)
	payload := hex.EncodeToString(empty[:])
	headers := map[string]string{
		"x-acs-date":            dara.StringValue(openapiutil.GetTimestamp()),
		"x-acs-signature-nonce": dara.StringValue(openapiutil.GetNonce()),
		"x-acs-content-sha256":  payload,
	}
	if c.SecurityToken != "" {
		headers["x-acs-security-token"] = c.SecurityToken
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	headers["host"] = r.URL.Host
	query := map[string]*string{}
	for name, values := range r.URL.Query() {
		query[name] = &values[0]
	}
	request := &dara.Request{Method: &r.Method, Pathname: dara.String(r.URL.EscapedPath()), Headers: pointers(headers), Query: query}
	algorithm := "ACS3-HMAC-SHA256"
	r.Header.Set("Authorization", dara.StringValue(openapiutil.GetAuthorization(request, &algorithm, &payload, &c.AccessKeyID, &c.AccessKeySecret)))
}
