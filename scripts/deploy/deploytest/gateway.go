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

// VerifyTrigger checks the signature of a request as Function Compute's gateway
// does for an HTTP trigger with the authentication "function".
//
// The vendor's own library computes the expected signature, as the published
// examples use it. It covers the method, the path, the query and the headers
// x-acs-date and, with a temporary key, x-acs-security-token. It does not cover
// the body: the hash of the body is empty in the signed text, with a body, too.
//
// Source: help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers
func VerifyTrigger(r *http.Request, key cloud.Credentials) error {
	date := r.Header.Get("X-Acs-Date")
	at, err := time.Parse("2006-01-02T15:04:05Z", date)
	if err != nil || time.Since(at).Abs() > 15*time.Minute {
		return fmt.Errorf("x-acs-date %q must be within 15 minutes of now", date)
	}
	headers := map[string]*string{"x-acs-date": &date}
	if key.SecurityToken != "" {
		headers["x-acs-security-token"] = &key.SecurityToken
	}
	query := map[string]*string{}
	for name, values := range r.URL.Query() {
		query[name] = &values[0]
	}
	request := &dara.Request{
		Method: &r.Method, Pathname: dara.String(r.URL.EscapedPath()), Headers: headers, Query: query,
	}
	algorithm, bodyHash := dara.String("ACS3-HMAC-SHA256"), dara.String("")
	want := openapiutil.GetAuthorization(request, algorithm, bodyHash, &key.AccessKeyID, &key.AccessKeySecret)
	if r.Header.Get("Authorization") != dara.StringValue(want) {
		return errors.New("the signature does not match the request")
	}
	if r.Header.Get("X-Acs-Security-Token") != key.SecurityToken {
		return errors.New("x-acs-security-token does not match the key")
	}
	return nil
}
