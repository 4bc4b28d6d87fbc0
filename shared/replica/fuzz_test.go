package replica_test

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"community-images/shared/access"
	"community-images/shared/replica"
)

// Whatever strangers send is answered in the shape of the API: never with a
// failure of ours, and never with data where a key is asked for.
func FuzzReplica(f *testing.F) {
	w := newSmallRegion(f)
	open, shut := w.replica(), w.replica(closed, func(o *replica.Options) {
		o.Tokens = access.Tokens{{Hash: sha256.Sum256([]byte("a token that no corpus knows"))}}
	})
	f.Add("GET", "/", list, "", "", "")
	f.Add("POST", "/at/1/cn-hangzhou/", "Action=ListClusters", "Version=2018-04-12&Format=XML", "", "")
	f.Add("GET", "/at/-24h", "PageSize=1&ClusterId=ehpc-a&%zz=1", "", "ListCommunityImages",
		"ACS3-HMAC-SHA256 Credential=CIwide00,SignedHeaders=host;x-acs-action,Signature=00")
	f.Add("GET", "/at/%2e%2e/", list+"&ClusterId=../../head.json&InstanceType=%00", "", "", "Bearer x")
	f.Add("GET", "/", list+
		"&AccessKeyId=CIwide00&Signature=x&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n"+
		"&Timestamp=2026-11-23T11:30:00Z", "", "", "")
	// the year 10000; two formats
	f.Add("GET", "/at/9999-12-31T23:59:59-23:59/", list+"&format=xml&Format=JSON", "", "", "")
	f.Add("GET", "/", list+"&action=ListClusters&PageNumber=1073741824&PageSize=50&%FF=%00", "", "ListClusters",
		"Bearer \xff")
	f.Add("GET", "/", "Action=ListClusters&Version=2018-04-12&Format=XML&PageNumber=1073741824&PageSize=50", "", "", "")
	f.Add("HEAD", "/cn-hangzhou/%2F", list+"&%E2%84%AA=1&regionid=cn-hangzhou&RegionId=", "", "", "")
	f.Add("POST", "/at/1/-/", "Format=%58ml&Acti\u017fn=x", strings.Repeat("a", 64<<10+1), "", "")
	f.Add("PO\x00ST", "at/at//", "Format=XML", "", "ListRegions", "")
	f.Add("POST", "/", list, "{}&access_token=x", "List\r\nRegions",
		"ACS3-HMAC-SHA256 Credential=CIwide00,SignedHeaders=,Signature=")
	f.Fuzz(func(t *testing.T, method, path, query, form, action, authorization string) {
		for h, answers := range map[*replica.Replica]bool{open: true, shut: false} {
			r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(form))
			r.Method, r.URL = method, &url.URL{Path: path, RawPath: path, RawQuery: query}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range map[string]string{"x-acs-action": action, "x-acs-version": "2018-04-12",
				"Authorization": authorization} {
				if value != "" && action != "" || name == "Authorization" && value != "" {
					r.Header.Set(name, value)
				}
			}
			h.Matches(r)
			rec := do(h, r)
			if !slices.Contains([]int{200, 400, 401, 404, 405, 413, 503}, rec.Code) || rec.Code == 200 && !answers {
				t.Fatalf("%s %q?%q: %d %s", method, path, query, rec.Code, rec.Body)
			}
			if strings.HasPrefix(rec.Header().Get("Content-Type"), "text/xml") {
				wellFormed(t, rec.Body.String())
			} else if !json.Valid(rec.Body.Bytes()) {
				t.Fatalf("%s %q?%q: not JSON: %s", method, path, query, rec.Body)
			}
		}
	})
}

func wellFormed(t *testing.T, document string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(document))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in %q", err, document)
		}
	}
}
