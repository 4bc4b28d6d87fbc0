package deploytest

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"community-images/shared/cloud"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
)

// VerifyTrigger checks a request as Function Compute's gateway does in front
// of an HTTP trigger with the authentication "function". What it should have
// been signed with is worked out by the vendor's own library as the published
// examples use it: over the method, the path, the query and the headers
// x-acs-date and, of a temporary key, x-acs-security-token. The place of the
// body's hash is empty there, with a body, too.
//
// Source: help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers
func VerifyTrigger(r *http.Request, key cloud.Credentials) error {
	date := r.Header.Get("X-Acs-Date")
	at, err := time.Parse("2006-01-02T15:04:05Z", date)
	if err != nil || time.Since(at).Abs() > 15*time.Minute {
		return fmt.Errorf("x-acs-date %q is no time of now", date)
	}
	headers := map[string]*string{"x-acs-date": &date}
	if key.SecurityToken != "" {
		headers["x-acs-security-token"] = &key.SecurityToken
	}
	query := map[string]*string{}
	for name, values := range r.URL.Query() {
		query[name] = &values[0]
	}
	request := &dara.Request{Method: &r.Method, Pathname: dara.String(r.URL.EscapedPath()), Headers: headers, Query: query}
	want := openapiutil.GetAuthorization(request, dara.String("ACS3-HMAC-SHA256"), dara.String(""), &key.AccessKeyID, &key.AccessKeySecret)
	if r.Header.Get("Authorization") != dara.StringValue(want) {
		return errors.New("the signature is not that of the request")
	}
	if r.Header.Get("X-Acs-Security-Token") != key.SecurityToken {
		return errors.New("x-acs-security-token is not that of the key")
	}
	return nil
}
