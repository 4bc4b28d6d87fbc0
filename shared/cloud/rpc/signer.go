package rpc

import (
	credential "github.com/aliyun/credentials-go/credentials"

	"community-images/shared/cloud"
)

// signer gives the credentials of one call to the OpenAPI core.
type signer cloud.Credentials

// The core accepts only the whole interface.
var _ credential.Credential = signer{}

// GetCredential is the method that the core calls.
func (s signer) GetCredential() (*credential.CredentialModel, error) {
	kind := "access_key"
	if s.SecurityToken != "" {
		kind = "sts"
	}
	return &credential.CredentialModel{
		AccessKeyId: &s.AccessKeyID, AccessKeySecret: &s.AccessKeySecret, SecurityToken: &s.SecurityToken, Type: &kind,
	}, nil
}

// The other methods of the interface are deprecated there. The core does not call
// them.

func (s signer) GetAccessKeyId() (*string, error)     { return &s.AccessKeyID, nil }
func (s signer) GetAccessKeySecret() (*string, error) { return &s.AccessKeySecret, nil }
func (s signer) GetSecurityToken() (*string, error)   { return &s.SecurityToken, nil }
func (s signer) GetBearerToken() *string              { return new(string) }
func (s signer) GetType() *string                     { return new(string) }
