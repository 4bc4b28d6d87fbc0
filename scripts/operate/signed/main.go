// Command signed sends a signed GET request to an HTTP trigger whose
// authentication is "function", and prints the body of the answer. Copy it: it
// needs the standard library only.
//
//	go run ./scripts/operate/signed 'https://….fcapp.run/v1/status'
//	go run ./scripts/operate/signed -h
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// usage is what -h prints.
const usage = `usage: signed URL

Sends a signed GET request to an HTTP trigger whose authentication is
"function", and prints the body of the answer.

The key is taken from ALIBABA_CLOUD_ACCESS_KEY_ID,
ALIBABA_CLOUD_ACCESS_KEY_SECRET and, for a temporary key,
ALIBABA_CLOUD_SECURITY_TOKEN; it needs fc:InvokeFunction on the function.
Redirects are not followed: another host must not get the signature. The exit
code is 1 unless the answer is a success, and 2 for wrong usage.
`

func main() {
	args := os.Args[1:]
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Print(usage)
		return
	}
	if len(args) != 1 || !strings.HasPrefix(args[0], "http://") && !strings.HasPrefix(args[0], "https://") {
		fail(2, "want one URL that begins with http:// or https://; -h prints help")
	}
	for _, name := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"} {
		if os.Getenv(name) == "" {
			fail(2, name+" is not set")
		}
	}
	// The body of a refusal is printed, too: it says why.
	status, err := fetch(args[0], os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"),
		os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), os.Getenv("ALIBABA_CLOUD_SECURITY_TOKEN"), os.Stdout)
	if err != nil {
		fail(1, err.Error())
	}
	if status >= 300 {
		fail(1, fmt.Sprint("status ", status))
	}
}

// fail prints a message and ends the program.
func fail(code int, message string) {
	fmt.Fprintln(os.Stderr, "signed: "+message)
	os.Exit(code)
}

// fetch writes the body of the response to out and returns its status.
func fetch(address, id, secret, token string, out io.Writer) (int, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.URL.RawQuery = normalizeQuery(request.URL.RawQuery)
	sign(request, id, secret, token, time.Now())
	// A redirect may lead to another host, which must not get the signature: it is
	// returned as it is.
	client := http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(out, response.Body)
	return response.StatusCode, err
}

// normalizeQuery percent-encodes the bytes that must not stand in a URL. What is
// encoded already stays as it is. Package url does this for the path only.
func normalizeQuery(query string) string {
	var out strings.Builder
	for _, c := range []byte(query) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// sign signs a request with ACS3-HMAC-SHA256 as Function Compute's gateway
// verifies it. The signature covers the method, the path, the query and the x-acs
// headers. It does not cover the body: its line in the canonical request is empty.
//
// Source: help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers
func sign(r *http.Request, id, secret, token string, now time.Time) {
	date := now.UTC().Format("2006-01-02T15:04:05Z")
	r.Header.Set("x-acs-date", date)
	headers, names := "x-acs-date:"+date+"\n", "x-acs-date"
	if token != "" {
		r.Header.Set("x-acs-security-token", token)
		headers, names = headers+"x-acs-security-token:"+token+"\n", names+";x-acs-security-token"
	}
	// The path is signed as it is sent.
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	canonical := strings.Join([]string{r.Method, path, canonicalQuery(r.URL.Query()), headers, names, ""}, "\n")
	// Only the hash of the canonical request is signed.
	hash := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(hash[:])))
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+id+",SignedHeaders="+names+",Signature="+
		hex.EncodeToString(mac.Sum(nil)))
}

// canonicalQuery sorts the parameters by name and value. It percent-encodes all
// characters except A-Z a-z 0-9 - _ . ~
func canonicalQuery(query url.Values) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range slices.Sorted(slices.Values(query[name])) {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

// escape percent-encodes a name or value for the canonical query.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
