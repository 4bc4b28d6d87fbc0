package replica

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"strings"

	"community-images/shared/apierror"
)

const (
	headerAction  = "X-Acs-Action"
	headerVersion = "X-Acs-Version"
	headerToken   = "X-Acs-Security-Token"
)

// question is what a request asks, whichever dialect it is in.
type question struct {
	action, version string
	params          map[string]string // of the query and the form; names as in spelling
	xml, formatRead bool              // the latter: and no other format counts
	at              string            // the moment in the path or the parameter at; empty: now
	regionInPath    string
	wrongPath       bool
}

// read takes the request apart, without judging what is asked.
func (c *call) read() (body []byte, err error) {
	c.heedFormat(c.r.URL.RawQuery)
	switch c.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		return nil, &apierror.Error{Status: http.StatusMethodNotAllowed, Code: "UnsupportedHTTPMethod", Message: "This http method is not supported.", Recommend: "Use GET or POST.", Allow: "GET, HEAD, POST"}
	}
	if c.r.Body != nil {
		if body, err = io.ReadAll(io.LimitReader(c.r.Body, maxBody+1)); err != nil {
			return nil, invalid("the body cannot be read")
		}
	}
	if postsForm(c.r) {
		c.heedFormat(string(body))
	}
	if len(body) > maxBody {
		return nil, &apierror.Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestTooLarge", Message: "The body is larger than 65536 bytes.", Recommend: "Send parameters only."}
	}
	c.readPath()
	if c.params, err = parameters(c.r, body); err != nil {
		return nil, err
	}
	if err := c.readMoment(); err != nil {
		return nil, err
	}
	if !knownFormat(c.params["Format"]) {
		return nil, invalid("Format is neither JSON nor XML")
	}
	c.action, c.version = c.params["Action"], c.params["Version"]
	// pop-core names the action in both places and signs the parameters only.
	if c.action == "" || signsHeaders(c.r) {
		c.useHeaders()
	}
	return body, nil
}

// useHeaders takes the action from the headers, if they name one.
func (c *call) useHeaders() {
	if action := c.r.Header.Get(headerAction); action != "" {
		c.action, c.version = action, cmp.Or(c.r.Header.Get(headerVersion), c.version)
	}
}

// signsHeaders says whether a request is signed in the header dialect.
func signsHeaders(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "ACS3-")
}

// readPath reads /, /<region>, /at/<moment> and /at/<moment>/<region>.
func (c *call) readPath() {
	steps := strings.FieldsFunc(c.r.URL.EscapedPath(), func(r rune) bool { return r == '/' })
	for i, step := range steps {
		plain, err := url.PathUnescape(step)
		c.wrongPath = c.wrongPath || err != nil
		steps[i] = plain
	}
	if len(steps) > 0 && steps[0] == "at" {
		if len(steps) == 1 {
			c.wrongPath = true
			return
		}
		c.at, steps = steps[1], steps[2:]
	}
	if len(steps) == 1 && c.mayBeRegion(steps[0]) {
		c.regionInPath, steps = steps[0], nil
	}
	c.wrongPath = c.wrongPath || len(steps) > 0
}

// readMoment takes the moment from a parameter: a client that writes the path
// itself can often be told to add one to every call, and signs it.
func (c *call) readMoment() error {
	at := c.params["at"]
	if at != "" && c.at != "" && at != c.at {
		return invalid("two moments are asked for")
	}
	c.at = cmp.Or(c.at, at)
	return nil
}

// parameters are those of the query, and of the form of a POST. One that is
// there twice is refused: which of them was meant, nobody knows. So is a body
// that is no form: what it asks would be passed over, and the answer be one to
// another question.
func parameters(r *http.Request, body []byte) (map[string]string, error) {
	params := map[string]string{}
	if err := addParameters(params, r.URL.RawQuery); err != nil {
		return nil, err
	}
	switch text := string(body); {
	case postsForm(r):
		if err := addParameters(params, text); err != nil {
			return nil, err
		}
	case text != "" && text != "{}": // which is a call without parameters
		return nil, invalid("a body must be a form that is sent with POST")
	}
	return params, nil
}

// spelling is how the parameters that are read are written. Their case does
// not matter: one that was passed over for its case would widen the question.
var spelling = map[string]string{
	"action": "Action", "version": "Version", "format": "Format", "securitytoken": "SecurityToken", "at": "at",
	"regionid": "RegionId", "clusterid": "ClusterId", "instancetype": "InstanceType", "baseostag": "BaseOsTag", "pagenumber": "PageNumber", "pagesize": "PageSize",
}

// maxParams is more than any of the operations takes.
const maxParams = 256

func addParameters(params map[string]string, coded string) error {
	for pair := range strings.SplitSeq(coded, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return invalid("a parameter is not percent-encoded as it should be")
		}
		if known, ok := spelling[strings.ToLower(name)]; ok {
			name = known
		}
		if _, twice := params[name]; twice {
			return invalid("a parameter is there twice")
		}
		if params[name] = value; len(params) > maxParams {
			return invalid("there are more than 256 parameters")
		}
	}
	return nil
}
