package replica

import (
	"net/http"

	"community-images/shared/access"
	"community-images/shared/acsauth"
	"community-images/shared/apierror"
)

// authenticate finds the caller's grant. It returns an error if the caller may
// not ask. Without keys and tokens it accepts everybody, because the trigger
// authenticates then.
func (c *call) authenticate(body []byte) error {
	if len(c.options.Keys) == 0 && len(c.options.Tokens) == 0 {
		return nil // the trigger's own authentication is all there is
	}
	// A token in the URL is refused first: the refusal of a signature would
	// repeat it as a part of what was signed.
	if name := access.TokenParameter(c.r.URL.RawQuery); name != "" {
		return apierror.New(http.StatusBadRequest, codeInvalidRequest,
			"The request is invalid: "+name+" cannot be taken from the address, which ends up in logs.",
			"Send the header Authorization: Bearer <token>.")
	}
	if token, ok := access.ParseBearer(c.r.Header.Values("Authorization")); ok {
		return c.authenticateToken(token)
	}
	return c.authenticateSignature(body)
}

// authenticateSignature verifies the signature of a request with the keys that
// are configured. body is what was sent.
func (c *call) authenticateSignature(body []byte) error {
	// A temporary key is upstream's; nobody here could say whether it is good.
	if c.params["SecurityToken"] != "" || c.r.Header.Get(headerToken) != "" {
		return apierror.New(http.StatusBadRequest, "InvalidSecurityToken.MismatchWithAccessKey",
			"Specified SecurityToken mismatch with the AccessKey.",
			"Security tokens are not taken here: sign with an access key that was issued for this endpoint.")
	}
	sig, err := acsauth.Verify(c.r, body, c.options.Keys.Secret, c.options.Now())
	if err != nil {
		return err
	}
	// Verify has found the secret of this key, so the key is there.
	key, known := c.options.Keys.Find(sig.AccessKeyID)
	if !known {
		panic("replica: a key that verified is not there")
	}
	// The nonce is spent only by a signature that is right. Otherwise strangers
	// could fill the store of a key.
	if err := c.nonces[key.ID].accept(sig.Nonce, sig.Time, c.options.Now()); err != nil {
		return err
	}
	c.grant = &key.Grant
	// RPC1 does not sign headers, so what they name does not count.
	if sig.Dialect == acsauth.RPC1 {
		c.action, c.version = c.params["Action"], c.params["Version"]
	}
	return nil
}

// authenticateToken verifies a bearer token, which may stand in place of a
// signature.
func (c *call) authenticateToken(token string) error {
	grant, ok := c.options.Tokens.Find(token, c.options.Now())
	if !ok {
		e := apierror.New(http.StatusUnauthorized, "InvalidBearerToken", "Specified bearer token is not valid.",
			"Send a token that was issued for this endpoint, or sign the request with such an access key.")
		e.Authenticate = "Bearer"
		return e
	}
	c.grant = grant
	return nil
}
