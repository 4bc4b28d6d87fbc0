package fcrun

import (
	"context"

	"community-images/shared/cloud"
)

// CredentialsFrom returns the credentials of the invocation that ctx belongs to.
// ok is false if it brought none.
func CredentialsFrom(ctx context.Context) (c cloud.Credentials, ok bool) {
	c = InvocationFrom(ctx).Credentials
	return c, c.Usable()
}
