package ehpctest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"community-images/shared/acsauth"
)

// replier writes one answer.
type replier struct {
	w         http.ResponseWriter
	requestID string
	host      string
}

// requestID has the form of E-HPC's; it depends on nothing but n.
func requestID(n uint64) string {
	mix := func(x uint64) uint64 { // splitmix64
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x ^ x>>31
	}
	a, b := mix(n), mix(^n)
	return fmt.Sprintf("%08X-%04X-4%03X-8%03X-%012X", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// send writes a 200 in pieces, so that a prebuilt list is not copied.
func (r *replier) send(head string, list []byte, tail string) {
	h := r.w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	h.Set("X-Acs-Request-Id", r.requestID)
	h.Set("Content-Length", strconv.Itoa(len(head)+len(list)+len(tail)))
	_, _ = io.WriteString(r.w, head) // a client that is gone is no fault of ours
	_, _ = r.w.Write(list)
	_, _ = io.WriteString(r.w, tail)
}

// refuse writes an error in E-HPC's shape.
func (r *replier) refuse(status int, code, message string) {
	h := r.w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	h.Set("X-Acs-Request-Id", r.requestID)
	body := errorBody(r.requestID, r.host, code, message)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	r.w.WriteHeader(status)
	_, _ = io.WriteString(r.w, body)
}

func errorBody(requestID, host, code, message string) string {
	return fmt.Sprintf(`{"RequestId":%s,"HostId":%s,"Code":%s,"Message":%s,"Recommend":%s}`, quote(requestID), quote(host), quote(code), quote(message),
		quote("https://api.aliyun.com/troubleshoot?q="+code+"&product=EHPC&requestId="+requestID))
}

// refuseSignature tells the sender what was signed here, as the gateway does.
func (r *replier) refuseSignature(err error) {
	var refusal *acsauth.Error
	if !errors.As(err, &refusal) {
		r.refuse(http.StatusInternalServerError, "InternalError", "The request processing has failed due to some unknown error.")
		return
	}
	message := refusal.Message
	if refusal.StringToSign != "" {
		message = strings.TrimSuffix(message, ".") + ". server string to sign is:" + refusal.StringToSign
	}
	r.refuse(refusal.Status, refusal.Code, message)
}
