package ehpc

import (
	"net/http"
	"strings"
)

// classify returns the class of an error. The code decides if it is a known one, else
// the status. E-HPC uses unusual statuses: 406 for errors of its backends, 407 and 501
// for permissions.
//
// https://help.aliyun.com/en/e-hpc/e-hpc-1-0/developer-reference/api-ehpc-2018-04-12-errorcodes
func classify(status int, code string) Class {
	if class := classifyCode(code); class != "" {
		return class
	}
	switch status {
	case http.StatusTooManyRequests:
		return Throttled
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return NotAuthorized
	case http.StatusNotAcceptable, http.StatusRequestTimeout, http.StatusTooEarly:
		return Temporary
	}
	switch {
	case status >= 500:
		return Temporary
	case status >= 400:
		return Invalid
	default:
		return Malformed // a redirect, or no status that HTTP knows
	}
}

// codes maps the beginnings of error codes to classes. The first match counts.
var codes = []struct {
	prefix string
	class  Class
}{
	{"Throttling", Throttled},
	{"QpsLimit", Throttled},
	{"FlowControl", Throttled},

	// net/http may repeat a request on a new connection, with the nonce of the first.
	// The next try has another nonce.
	{"SignatureNonceUsed", Temporary},
	{"ServiceUnavailable", Temporary},
	{"InternalError", Temporary},
	{"UnknownError", Temporary},
	{"EcsError", Temporary},
	{"DbError", Temporary},
	{"AliyunError", Temporary},
	{"AgentError", Temporary},
	{"OrderError", Temporary},

	{"NotAuthorized", NotAuthorized},
	{"NoPermission", NotAuthorized},
	{"Unauthorized", NotAuthorized},
	{"Forbidden", NotAuthorized},
	{"AccessDenied", NotAuthorized},
	{"InvalidAccessKey", NotAuthorized},
	{"MissingAccessKeyId", NotAuthorized},
	{"InvalidSecurityToken", NotAuthorized},
	{"MissingSecurityToken", NotAuthorized},
	{"SecurityTokenExpired", NotAuthorized},
	{"SignatureDoesNotMatch", NotAuthorized},
	{"IncompleteSignature", NotAuthorized},
	{"InvalidTimeStamp", NotAuthorized},
	{"IllegalTimestamp", NotAuthorized},

	{"InvalidAction", Invalid},
	{"InvalidVersion", Invalid},
	{"InvalidApi", Invalid},
}

// classifyCode returns the class of an error code, or "" if the code is not known.
func classifyCode(code string) Class {
	for _, c := range codes {
		if strings.HasPrefix(code, c.prefix) {
			return c.class
		}
	}
	for _, part := range []string{"NotFound", "NotExist"} {
		if strings.Contains(code, part) {
			return NotFound
		}
	}
	return ""
}
