// Command signed sends a signed GET request to an HTTP trigger whose
// authentication is "function", and prints the response body. Copy it: it needs the standard library
// only.
//
//	go run ./scripts/operate/signed 'https://….fcapp.run/v1/status'
//
// The key is taken from ALIBABA_CLOUD_ACCESS_KEY_ID,
// ALIBABA_CLOUD_ACCESS_KEY_SECRET and, of a temporary one,
// ALIBABA_CLOUD_SECURITY_TOKEN; it needs fc:InvokeFunction on the function.
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

func main() {
	if len(os.Args) != 2 || !strings.HasPrefix(os.Args[1], "http://") && !strings.HasPrefix(os.Args[1], "https://") {
		fmt.Fprintln(os.Stderr, "usage: signed URL")
		os.Exit(2)
	}
	for _, name := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"} {
		if os.Getenv(name) == "" {
			fmt.Fprintln(os.Stderr, "signed:", name, "is not set")
			os.Exit(2)
		}
	}
	status, err := fetch(os.Args[1], os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"),
		os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), os.Getenv("ALIBABA_CLOUD_SECURITY_TOKEN"), os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "signed:", err)
		os.Exit(1)
	}
	if status >= 400 {
		fmt.Fprintln(os.Stderr, "signed: status", status)
		os.Exit(1)
	}
}

// fetch writes the body of the response to out and returns its status.
func fetch(address, id, secret, token string, out io.Writer) (int, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	sign(request, id, secret, token, time.Now())
	client := http.Client{Timeout: time.Minute}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(out, response.Body)
	return response.StatusCode, err
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
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	canonical := strings.Join([]string{r.Method, path, canonicalQuery(r.URL.Query()), headers, names, ""}, "\n")
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
