package ehpctest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"community-images/shared/acsauth"
)

// Key is the other half of an access key.
type Key struct {
	Secret string
	Token  string // if set, the key is an STS key that is valid only with this token
}

// Options configure an Endpoint.
type Options struct {
	Data Data
	// Keys are the access keys that are accepted, by id.
	Keys map[string]Key
	// Fault returns what happens to a call instead of its answer; nil: nothing. The hook
	// may be nil.
	Fault func(Call) *Fault
	// Latency is added to every answer.
	Latency time.Duration
	// Region is used for requests that name none. Empty: these are refused.
	Region string
	// Now is the clock by which time stamps are checked; nil: time.Now.
	Now func() time.Time
}

// Endpoint is an http.Handler that behaves like the E-HPC API.
type Endpoint struct {
	options Options
	data    atomic.Pointer[Data]
	keys    atomic.Pointer[map[string]Key]
	serial  atomic.Uint64
	nonces  nonces
	stats   stats
}

// New returns an endpoint.
func New(o Options) *Endpoint {
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &Endpoint{options: o}
	e.SetData(o.Data)
	e.SetKeys(o.Keys)
	return e
}

// SetData replaces what the endpoint answers.
func (e *Endpoint) SetData(d Data) { e.data.Store(&d) }

// SetKeys replaces the access keys. The old ones are refused from now on.
func (e *Endpoint) SetKeys(keys map[string]Key) { e.keys.Store(&keys) }

// maxForm bounds the body of a request.
const maxForm = 64 << 10

// ServeHTTP answers one call.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := &answerWriter{w: w, requestID: newRequestID(e.serial.Add(1)), host: r.Host}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		reply.writeError(http.StatusRequestEntityTooLarge, "RequestTooLarge", "The body is larger than 65536 bytes.")
		return
	}
	req := parseRequest(r, body, e.options.Region)
	call, done := e.stats.beginCall(req)
	defer done()
	fault := &Fault{}
	if e.options.Fault != nil {
		if f := e.options.Fault(call); f != nil {
			fault = f
		}
	}
	if !sleep(r.Context(), e.options.Latency+fault.Delay) || fault.apply(reply, r) {
		return
	}
	if !e.authenticate(reply, r, body) {
		return
	}
	e.writeAnswer(reply, req)
}

// authenticate checks signature, token and nonce. If one is wrong, it writes the error
// and returns false.
func (e *Endpoint) authenticate(reply *answerWriter, r *http.Request, body []byte) bool {
	keys := *e.keys.Load()
	sig, err := acsauth.Verify(r, body, func(id string) (string, bool) {
		key, ok := keys[id]
		return key.Secret, ok
	}, e.options.Now())
	switch {
	case err != nil:
	case keys[sig.AccessKeyID].Token != sig.SecurityToken:
		err = &acsauth.Error{Status: http.StatusBadRequest, Code: "InvalidSecurityToken.Expired",
			Message: "Specified SecurityToken is expired."}
	case !e.nonces.addIfNew(sig.AccessKeyID + " " + sig.Nonce):
		err = acsauth.NonceUsed()
	}
	if err != nil {
		reply.writeSignatureError(err)
		return false
	}
	return true
}

// request is a call, in either signature version.
type request struct {
	action, version string
	params          url.Values
	Question
}

// parseRequest reads a call. region is used if the call names none.
func parseRequest(r *http.Request, body []byte, region string) request {
	params := r.URL.Query()
	if r.Method == http.MethodPost {
		form, _ := url.ParseQuery(string(body)) // a bad form fails the signature
		for name, values := range form {
			params[name] = append(params[name], values...)
		}
	}
	req := request{action: params.Get("Action"), version: params.Get("Version"), params: params}
	if r.Header.Get("Authorization") != "" {
		req.action, req.version = r.Header.Get("X-Acs-Action"), r.Header.Get("X-Acs-Version")
	}
	if params.Has("RegionId") {
		region = params.Get("RegionId")
	}
	req.Question = Question{RegionID: region, ClusterID: params.Get("ClusterId"),
		InstanceType: params.Get("InstanceType"), BaseOsTag: params.Get("BaseOsTag")}
	return req
}

func (e *Endpoint) writeAnswer(reply *answerWriter, req request) {
	data := *e.data.Load()
	switch {
	case req.action == "":
		reply.writeError(http.StatusBadRequest, "MissingAction", "The action is not supplied.")
	case req.version == "":
		reply.writeError(http.StatusBadRequest, "MissingParameter",
			`The input parameter "Version" that is mandatory for processing this request is not supplied.`)
	case req.version != "2018-04-12":
		reply.writeError(http.StatusBadRequest, "InvalidVersion", "Specified parameter Version is not valid.")
	case req.action != "ListCommunityImages" && req.action != "ListClusters" && req.action != "ListRegions":
		reply.writeError(http.StatusNotFound, "InvalidAction.NotFound",
			"Specified api is not found, please check your url and method.")
	case req.RegionID == "":
		reply.writeError(http.StatusBadRequest, "MissingParameter",
			`The input parameter "RegionId" that is mandatory for processing this request is not supplied.`)
	case !hasRegion(data, req.RegionID):
		reply.writeError(http.StatusNotFound, "InvalidRegionId.NotFound", "The specified RegionId does not exist.")
	case req.action == "ListRegions":
		list, _ := json.Marshal(data.Regions())
		reply.writeList(`{"RequestId":"`+reply.requestID+`","Regions":{"RegionInfo":`, list, "}}")
	case req.action == "ListClusters":
		writeClusters(reply, data, req)
	default:
		writeImages(reply, data, req)
	}
}

func hasRegion(data Data, id string) bool {
	for _, r := range data.Regions() {
		if r.RegionID == id {
			return true
		}
	}
	return false
}

func writeImages(reply *answerWriter, data Data, req request) {
	images, known := data.Images(req.Question)
	switch {
	case !known:
		reply.writeError(http.StatusNotFound, "ClusterNotFound", "The specified cluster does not exist.")
	case images.Body != nil:
		reply.writeList("", images.Body, "")
	default:
		reply.writeList(`{"RequestId":"`+reply.requestID+`","Images":{"ImageInfo":`, images.Array, "}}")
	}
}

func writeClusters(reply *answerWriter, data Data, req request) {
	number, ok1 := parseIntParam(req.params, "PageNumber", 1, 1, 1<<30)
	size, ok2 := parseIntParam(req.params, "PageSize", 10, 1, 50)
	if !ok1 || !ok2 {
		reply.writeError(http.StatusBadRequest, "InvalidParams",
			"The specified parameter PageNumber or PageSize is invalid.")
		return
	}
	all := data.Clusters(req.RegionID)
	from := min(len(all), (number-1)*size)
	list := []byte{'['}
	for i, entry := range all[from:min(len(all), from+size)] {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, entry...)
	}
	head := fmt.Sprintf(
		`{"PageSize":%d,"RequestId":%q,"PageNumber":%d,"TotalCount":%d,"Clusters":{"ClusterInfoSimple":`, size,
		reply.requestID, number, len(all))
	reply.writeList(head, append(list, ']'), "}}")
}

// parseIntParam reads a number. It returns absent if the parameter is not sent, and
// false if it is not a number from least to most.
func parseIntParam(params url.Values, name string, absent, least, most int) (int, bool) {
	if !params.Has(name) {
		return absent, true
	}
	n, err := strconv.Atoi(params.Get(name))
	return n, err == nil && n >= least && n <= most
}

// nonces is the set of the nonces that were seen last. Its size is bounded.
type nonces struct {
	mu       sync.Mutex
	old, new map[string]bool
}

// addIfNew returns false if the nonce was seen before.
func (n *nonces) addIfNew(nonce string) bool {
	const generation = 20_000
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.old[nonce] || n.new[nonce] {
		return false
	}
	if n.new == nil || len(n.new) == generation {
		n.old, n.new = n.new, make(map[string]bool, generation)
	}
	n.new[nonce] = true
	return true
}
