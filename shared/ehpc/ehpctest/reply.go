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

// answerWriter writes one answer.
type answerWriter struct {
	w         http.ResponseWriter
	requestID string
	host      string
}

// newRequestID returns an id in the form of E-HPC's, made from n alone.
func newRequestID(n uint64) string {
	mix := func(x uint64) uint64 { // splitmix64
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x ^ x>>31
	}
	a, b := mix(n), mix(^n)
	return fmt.Sprintf("%08X-%04X-4%03X-8%03X-%012X", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// writeList writes a 200 in three pieces, so that a list that was built in advance is
// not copied.
func (r *answerWriter) writeList(head string, list []byte, tail string) {
	h := r.w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	h.Set("X-Acs-Request-Id", r.requestID)
	h.Set("Content-Length", strconv.Itoa(len(head)+len(list)+len(tail)))
	_, _ = io.WriteString(r.w, head) // an error means that the client has gone
	_, _ = r.w.Write(list)
	_, _ = io.WriteString(r.w, tail)
}

// writeError writes an error in the shape of E-HPC's.
func (r *answerWriter) writeError(status int, code, message string) {
	h := r.w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	h.Set("X-Acs-Request-Id", r.requestID)
	body := newErrorBody(r.requestID, r.host, code, message)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	r.w.WriteHeader(status)
	_, _ = io.WriteString(r.w, body)
}

// newErrorBody returns the body of an error in the shape of E-HPC's.
func newErrorBody(requestID, host, code, message string) string {
	return fmt.Sprintf(`{"RequestId":%s,"HostId":%s,"Code":%s,"Message":%s,"Recommend":%s}`, quoteJSON(requestID),
		quoteJSON(host), quoteJSON(code), quoteJSON(message),
		quoteJSON("https://api.aliyun.com/troubleshoot?q="+code+"&product=EHPC&requestId="+requestID))
}

// writeSignatureError writes the error of a wrong signature with the string that this
// side signed, as the gateway does.
func (r *answerWriter) writeSignatureError(err error) {
	var refusal *acsauth.Error
	if !errors.As(err, &refusal) {
		r.writeError(http.StatusInternalServerError, "InternalError",
			"The request processing has failed due to some unknown error.")
		return
	}
	message := refusal.Message
	if refusal.StringToSign != "" {
		message = strings.TrimSuffix(message, ".") + ". server string to sign is:" + refusal.StringToSign
	}
	r.writeError(refusal.Status, refusal.Code, message)
}
