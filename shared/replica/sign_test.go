package replica_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"
)

// signer signs by the documentation, in its own words; the official clients
// are the judges of that elsewhere.
type signer struct {
	id, secret, nonce string
	at                time.Time
}

func encode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func canonical(values url.Values) string {
	var pairs []string
	for name, list := range values {
		for _, value := range list {
			pairs = append(pairs, encode(name)+"="+encode(value))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// rpc1 is a request of the query dialect; params go into a form for POST.
func (s signer) rpc1(method, path, params string) *http.Request {
	values, err := url.ParseQuery(params)
	if err != nil {
		panic(err)
	}
	values.Set("AccessKeyId", s.id)
	values.Set("SignatureMethod", "HMAC-SHA1")
	values.Set("SignatureVersion", "1.0")
	values.Set("SignatureNonce", s.nonce)
	values.Set("Timestamp", s.at.UTC().Format("2006-01-02T15:04:05Z"))
	mac := hmac.New(sha1.New, []byte(s.secret+"&"))
	mac.Write([]byte(method + "&%2F&" + encode(canonical(values))))
	values.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if method == http.MethodPost {
		r := httptest.NewRequest(method, "http://images.example"+path, strings.NewReader(values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	return httptest.NewRequest(method, "http://images.example"+path+"?"+values.Encode(), nil)
}

// acs3 is a request of the header dialect; the form may be empty.
func (s signer) acs3(method, path, action, params, form string) *http.Request {
	r := httptest.NewRequest(method, "http://images.example"+path+"?"+params, strings.NewReader(form))
	hash := sha256.Sum256([]byte(form))
	r.Header.Set("x-acs-action", action)
	r.Header.Set("x-acs-version", "2018-04-12")
	r.Header.Set("x-acs-date", s.at.UTC().Format("2006-01-02T15:04:05Z"))
	r.Header.Set("x-acs-signature-nonce", s.nonce)
	r.Header.Set("x-acs-content-sha256", hex.EncodeToString(hash[:]))
	if form != "" {
		r.Header.Set("content-type", "application/x-www-form-urlencoded")
	}
	names := []string{"host"}
	for name := range r.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(method + "\n" + path + "\n" + canonical(r.URL.Query()) + "\n")
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		b.WriteString(name + ":" + value + "\n")
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + hex.EncodeToString(hash[:]))
	sum := sha256.Sum256([]byte(b.String()))
	mac := hmac.New(sha256.New, []byte(s.secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(sum[:])))
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+s.id+",SignedHeaders="+strings.Join(names, ";")+
		",Signature="+hex.EncodeToString(mac.Sum(nil)))
	return r
}
