package acs

import (
	"strings"

	"community-images/shared/cloud"
)

// CredentialsFrom returns the access key of an environment in the form of
// os.Environ, as every tool of the vendor names it. Parts that are not set are
// empty.
func CredentialsFrom(environ []string) cloud.Credentials {
	var c cloud.Credentials
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		switch name {
		case "ALIBABA_CLOUD_ACCESS_KEY_ID":
			c.AccessKeyID = value
		case "ALIBABA_CLOUD_ACCESS_KEY_SECRET":
			c.AccessKeySecret = value
		case "ALIBABA_CLOUD_SECURITY_TOKEN":
			c.SecurityToken = value
		}
	}
	return c
}
