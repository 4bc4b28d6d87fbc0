package acs

import (
	"net/http"

	"community-images/shared/cloud"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
)

// Sign signs a request for an HTTP trigger of Function Compute with the
// authentication "function". The signature covers the method, the path, the
// query and the x-acs headers, and an empty text instead of the hash of the
// body, as in the published examples. The request must not be changed
// afterwards.
//
// Source: help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers
func Sign(r *http.Request, c cloud.Credentials) {
	headers := map[string]string{"x-acs-date": dara.StringValue(openapiutil.GetTimestamp())}
	if c.SecurityToken != "" {
		headers["x-acs-security-token"] = c.SecurityToken
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	query := map[string]*string{}
	for name, values := range r.URL.Query() {
		query[name] = &values[0]
	}
	request := &dara.Request{
		Method: &r.Method, Pathname: dara.String(r.URL.EscapedPath()), Headers: pointers(headers), Query: query,
	}
	algorithm, bodyHash := "ACS3-HMAC-SHA256", ""
	authorization := openapiutil.GetAuthorization(request, &algorithm, &bodyHash, &c.AccessKeyID, &c.AccessKeySecret)
	r.Header.Set("Authorization", dara.StringValue(authorization))
}

// pointers returns pointers to the values, as the core wants them.
func pointers(m map[string]string) map[string]*string {
	out := map[string]*string{}
	for name, value := range m {
		out[name] = &value
	}
	return out
}
