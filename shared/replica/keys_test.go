package replica_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive/archivetest"
	"community-images/shared/archive/buckettest"
	"community-images/shared/replica"
)

var (
	wide  = signer{id: "CIwide00", secret: "wide-secret"}
	onlyA = signer{id: "CIonlyA0", secret: "a-secret"}
	away  = signer{id: "CIaway00", secret: "away-secret"}
)

// closed is a replica that asks for keys or tokens.
func closed(o *replica.Options) {
	o.Keys = access.Keys{
		{ID: wide.id, Secret: access.Secret(wide.secret)},
		{ID: onlyA.id, Secret: access.Secret(onlyA.secret),
			Grant: access.Grant{Name: "a", Clusters: []string{"ehpc-a", "ehpc-gone"}}},
		{ID: away.id, Secret: access.Secret(away.secret),
			Grant: access.Grant{Name: "away", Regions: []string{"cn-beijing"}}},
	}
	o.Tokens = access.Tokens{
		{Hash: sha256.Sum256([]byte("token-wide"))},
		{Hash: sha256.Sum256([]byte("token-a")), Grant: access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}},
		{Hash: sha256.Sum256([]byte("token-old")), Expires: archivetest.Epoch},
	}
}

// fresh is s with a nonce of its own and the time of the fixture.
func (s signer) fresh(w *fixture) signer {
	w.nonces++
	s.nonce, s.at = fmt.Sprint("nonce-", w.nonces), w.Now
	return s
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// code is the code of an error; empty: 200.
func code(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	if rec.Code == 200 {
		return ""
	}
	var e struct{ Code string }
	if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil || e.Code == "" {
		t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	return e.Code
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(closed)
	unknown := signer{id: "CInobody", secret: wide.secret}
	bearer := func(token string) *http.Request {
		r := httptest.NewRequest("GET", "http://images.example/?"+list, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	with := func(r *http.Request, name, value string) *http.Request {
		r.Header.Set(name, value)
		return r
	}
	shifted := func(s signer, d time.Duration) signer { s.at = s.at.Add(d); return s }
	for _, row := range []struct {
		name   string
		r      *http.Request
		status int
		code   string
	}{
		{"a key, in the query", wide.fresh(w).rpc1("GET", "/", list), 200, ""},
		{"a key, in a form", wide.fresh(w).rpc1("POST", "/", list), 200, ""},
		{"a key, in the headers", wide.fresh(w).acs3("GET", "/", "ListCommunityImages", "", ""), 200, ""},
		{"a key, in the headers, with a form", wide.fresh(w).acs3("POST", "/", "ListCommunityImages",
			"ClusterId=ehpc-a", "BaseOsTag=x"), 200, ""},
		{"a key at a past time, in the query", wide.fresh(w).rpc1("GET", "/at/1/", list), 200, ""},
		{"a key at a past time, in the headers", wide.fresh(w).acs3("GET", "/at/1/", "ListCommunityImages", "", ""),
			200, ""},
		{"a path that is signed as it is sent", wide.fresh(w).acs3("GET", "/at/2026-11-23T10:30:00Z/",
			"ListCommunityImages", "", ""), 200, ""},
		{"a path that is signed encoded", wide.fresh(w).acs3("GET", "/at/2026-11-23T10%3A30%3A00Z/",
			"ListCommunityImages", "", ""), 200, ""},
		{"a token", bearer("token-wide"), 200, ""},
		{"a token and headers", with(with(bearer("token-wide"), "x-acs-action", "ListClusters"), "x-acs-version",
			"2018-04-12"), 200, ""},
		{"14 minutes late", shifted(wide.fresh(w), -14*time.Minute).rpc1("GET", "/", list), 200, ""},
		{"14 minutes early", shifted(wide.fresh(w), 14*time.Minute).rpc1("GET", "/", list), 200, ""},
		{"nobody", httptest.NewRequest("GET", "/?"+list, nil), 400, "MissingParameter"},
		{"an unknown key", unknown.fresh(w).rpc1("GET", "/", list), 404, "InvalidAccessKeyId.NotFound"},
		{"an unknown key, in the headers", unknown.fresh(w).acs3("GET", "/", "ListRegions", "", ""), 404,
			"InvalidAccessKeyId.NotFound"},
		{"another secret", signer{id: wide.id, secret: "x"}.fresh(w).rpc1("GET", "/", list), 400,
			"SignatureDoesNotMatch"},
		{"another secret, in the headers", signer{id: wide.id, secret: "x"}.fresh(w).acs3("GET", "/", "ListRegions", "",
			""), 400, "SignatureDoesNotMatch"},
		{"16 minutes late", shifted(wide.fresh(w), -16*time.Minute).rpc1("GET", "/", list), 400,
			"InvalidTimeStamp.Expired"},
		{"16 minutes early", shifted(wide.fresh(w), 16*time.Minute).acs3("GET", "/", "ListRegions", "", ""), 400,
			"InvalidTimeStamp.Expired"},
		{"a security token", wide.fresh(w).rpc1("GET", "/", list+"&SecurityToken=t"), 400,
			"InvalidSecurityToken.MismatchWithAccessKey"},
		{"a security token, in the headers", with(wide.fresh(w).acs3("GET", "/", "ListRegions", "", ""),
			"x-acs-security-token", "t"), 400, "InvalidSecurityToken.MismatchWithAccessKey"},
		{"a wrong token", bearer("token-x"), 401, "InvalidBearerToken"},
		{"a token that has ended", bearer("token-old"), 401, "InvalidBearerToken"},
		{"a token in the query", httptest.NewRequest("GET", "/?access_token=token-wide&"+list, nil), 400,
			"InvalidParameter"},
		{"a password", with(httptest.NewRequest("GET", "/?"+list, nil), "Authorization", "Basic dG9rZW4td2lkZQ=="), 400,
			"IncompleteSignature"},
		{"a key for another region", away.fresh(w).rpc1("GET", "/", list), 407, "NotAuthorized"},
		{"a key for another region, named", away.fresh(w).rpc1("GET", "/", list+"&RegionId=cn-hangzhou"), 407,
			"NotAuthorized"},
		{"a key for another region that asks for regions",
			away.fresh(w).rpc1("GET", "/", "Action=ListRegions&Version=2018-04-12"), 407, "NotAuthorized"},
		{"an action that only an unsigned header names",
			with(with(wide.fresh(w).rpc1("GET", "/", "ClusterId=ehpc-a"), "x-acs-action", "ListClusters"),
				"x-acs-version", "2018-04-12"), 400, "MissingAction"},
	} {
		rec := do(h, row.r)
		if got := code(t, rec); got != row.code || rec.Code != row.status {
			t.Errorf("%s: %d %s, want %d %q", row.name, rec.Code, rec.Body, row.status, row.code)
		}
		if (rec.Header().Get("WWW-Authenticate") != "") != (row.status == 401) {
			t.Errorf("%s: headers %v", row.name, rec.Header())
		}
	}
}

// A path does not tell whoever may not know which regions are served.
func TestRegionsInPathsAreNotTold(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(closed, func(o *replica.Options) {
		o.Regions = []string{hangzhou, "cn-hidden"}
		o.Tokens = append(o.Tokens, access.Token{Hash: sha256.Sum256([]byte("token-h")),
			Grant: access.Grant{Name: "h", Regions: []string{hangzhou}}})
	})
	for _, target := range []string{"/%s/", "/%s/?" + list, "/%s?" + clusters,
		"/%s/?Action=ListRegions&Version=2018-04-12", "/at/1/%s/?" + list, "/%s/x?" + list} {
		for _, method := range []string{"GET", "POST"} {
			for _, token := range []string{"", "token-h", "token-x"} {
				var answers [2]string
				for i, region := range []string{"cn-hidden", "cn-absent"} {
					r := httptest.NewRequest(method, strings.ReplaceAll(target, "%s", region), nil)
					if token != "" {
						r.Header.Set("Authorization", "Bearer "+token)
					}
					rec := do(h, r)
					answers[i] = fmt.Sprint(h.Matches(r), rec.Code, rec.Header(), rec.Body)
				}
				if answers[0] != answers[1] {
					t.Errorf("%s %s with %q:\n%s\nand where there is none\n%s", method, target, token, answers[0], answers[1])
				}
			}
		}
	}
}

// A token in the address is refused whoever sends it, before anything that
// would repeat it, such as the string to sign.
func TestTokensInAddresses(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	const secret = "ci_0123456789abcdefghij"
	for name, h := range map[string]http.Handler{
		"tokens": w.replica(func(o *replica.Options) { closed(o); o.Keys = nil }),
		"keys":   w.replica(func(o *replica.Options) { closed(o); o.Tokens = nil }),
	} {
		for _, param := range []string{"access_token=", "Token=", "api_key=", "acces%73_token=",
			"Authorization=Bearer+", "BearerToken="} {
			asked := param + secret + "&" + list
			wrong := signer{id: wide.id, secret: "x"}
			plain := httptest.NewRequest("GET", "/?"+asked, nil)
			known := httptest.NewRequest("GET", "/at/1/?"+asked, nil)
			known.Header.Set("Authorization", "Bearer token-wide")
			form := httptest.NewRequest("POST", "/?"+param+secret, strings.NewReader(list))
			form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for what, r := range map[string]*http.Request{
				"alone": plain, "beside a form": form, "with a token": known,
				"with a signature":                 wide.fresh(w).rpc1("GET", "/", asked),
				"with a wrong one":                 wrong.fresh(w).rpc1("GET", "/", asked),
				"with a wrong one, in the headers": wrong.fresh(w).acs3("GET", "/", "ListRegions", param+secret, ""),
			} {
				rec := do(h, r)
				body := rec.Body.String()
				if code(t, rec) != "InvalidParameter" || rec.Code != 400 ||
					!strings.Contains(body, "cannot be taken from the address, which ends up in logs") ||
					!strings.Contains(body, "Authorization: Bearer") ||
					strings.Contains(fmt.Sprint(body, rec.Header()), secret) {
					t.Errorf("%s, %s %s: %d %v %s", name, param, what, rec.Code, rec.Header(), body)
				}
			}
		}
	}
	if rec := do(w.replica(), httptest.NewRequest("GET", "/?access_token="+secret+"&"+list, nil)); rec.Code != 200 {
		t.Errorf("where nobody is checked, as any other parameter: %d %s", rec.Code, rec.Body)
	}
}

// With tokens alone nobody is let in by a signature, which nobody can check.
func TestTokensAlone(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(func(o *replica.Options) { closed(o); o.Keys = nil })
	if got := code(t, do(h, wide.fresh(w).rpc1("GET", "/", list))); got != "InvalidAccessKeyId.NotFound" {
		t.Error(got)
	}
	if got := code(t, do(h, httptest.NewRequest("GET", "/?"+list, nil))); got != "MissingParameter" {
		t.Error(got)
	}
}

func TestNoRequestIsAnsweredTwice(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(closed)
	s := wide.fresh(w)
	for i, r := range []*http.Request{s.rpc1("GET", "/", list), s.rpc1("GET", "/", list), s.rpc1("GET", "/", clusters),
		s.acs3("GET", "/", "ListRegions", "", "")} {
		want := "SignatureNonceUsed"
		if i == 0 {
			want = ""
		}
		if got := code(t, do(h, r)); got != want {
			t.Errorf("request %d: %q", i, got)
		}
	}
	// Another key may happen to have the same nonce, and a request that was
	// refused has not used its own.
	o := onlyA
	o.nonce, o.at = s.nonce, s.at
	if got := code(t, do(h, o.rpc1("GET", "/", list+"&ClusterId=ehpc-a"))); got != "" {
		t.Error(got)
	}
	s = wide.fresh(w)
	bad := s
	bad.secret = "x"
	if got := code(t, do(h, bad.rpc1("GET", "/", list))); got != "SignatureDoesNotMatch" {
		t.Error(got)
	}
	if got := code(t, do(h, s.rpc1("GET", "/", list))); got != "" {
		t.Error(got)
	}
}

// The sender of a wrong signature is told what was signed here, and nobody is
// told the secret.
func TestStringToSignIsTold(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.replica(closed)
	s := signer{id: wide.id, secret: "x"}.fresh(w)
	body := do(h, s.rpc1("GET", "/", list)).Body.String()
	if !strings.Contains(body,
		"server string to sign is:GET&%2F&AccessKeyId%3DCIwide00%26Action%3DListCommunityImages%26") ||
		strings.Contains(body, wide.secret) {
		t.Error(body)
	}
	body = do(h, s.acs3("GET", "/", "ListRegions", "", "")).Body.String()
	if !strings.Contains(body, `server string to sign is:ACS3-HMAC-SHA256\n`) ||
		!strings.Contains(body, `x-acs-action:ListRegions\n`) || strings.Contains(body, wide.secret) {
		t.Error(body)
	}
}

// A caller that is limited to cluster A gets the same bytes and headers
// whether cluster B exists or not, whatever it asks.
func TestOtherClustersDoNotExist(t *testing.T) {
	t.Parallel()
	build := func(withB bool) *fixture {
		w := newFixture(t)
		for i := range 3 {
			found, listed := content{"_any/_any": {cent72}, "ehpc-a/_any": {cent72},
				"ehpc-a/ecs.c7.large": {}}, []string{clusterA}
			if i > 0 {
				found["ehpc-a/_any"] = []string{cent72, ended}
			}
			if withB {
				listed = append(listed, clusterB)
				found["ehpc-b/_any"] = []string{ubuntu, fmt.Sprintf(`{"ImageId":"m-%d"}`, i)}
				found["ehpc-b/ecs.g7.large"] = []string{ubuntu}
				found["ehpc-broken/_any"] = nil
			} else { // a commit of the same number and time
				found["_any/_any"] = []string{cent72, fmt.Sprintf(`{"ImageId":"m-%d"}`, i)}
			}
			w.run(hangzhou, found, listed...)
			w.Now = w.Now.Add(time.Hour)
		}
		return w
	}
	with, without := build(true), build(false)
	hw, ho := with.replica(closed), without.replica(closed)
	wideHW, sizes := with.replica(closed), 0
	for _, path := range []string{"/", "/cn-hangzhou/", "/at/1/", "/at/2026-11-23T09:30:00Z/", "/at/2020-01-01/",
		"/at/-1h/", "/at/9/"} {
		for _, params := range []string{
			"", "&ClusterId=ehpc-a", "&ClusterId=ehpc-a&InstanceType=ecs.c7.large",
			"&ClusterId=ehpc-a&InstanceType=ecs.g7.large", "&ClusterId=ehpc-b",
			"&ClusterId=ehpc-b&InstanceType=ecs.g7.large",
			"&ClusterId=ehpc-b&InstanceType=ecs.x", "&ClusterId=ehpc-broken", "&ClusterId=ehpc-none",
			"&ClusterId=ehpc-gone", "&ClusterId=ehpc-a,ehpc-b", "&PageSize=1", "&PageSize=1&PageNumber=2",
			"&RegionId=cn-beijing", "&Format=XML",
		} {
			for _, action := range []string{"ListCommunityImages", "ListClusters", "ListRegions"} {
				ask := "Version=2018-04-12&Action=" + action + params
				a, b := do(hw, onlyA.fresh(with).rpc1("GET", path, ask)), do(ho,
					onlyA.fresh(without).rpc1("GET", path, ask))
				if a.Code != b.Code || a.Body.String() != b.Body.String() ||
					fmt.Sprint(a.Header()) != fmt.Sprint(b.Header()) {
					t.Errorf("%s %s: %d %v %s\nwithout B: %d %v %s", path, ask, a.Code, a.Header(), a.Body, b.Code,
						b.Header(), b.Body)
				}
				if otherCluster.MatchString(a.Body.String()) {
					t.Errorf("%s %s tells of another cluster: %s", path, ask, a.Body)
				}
				if all := do(wideHW, wide.fresh(with).rpc1("GET", path, ask)); all.Body.String() != a.Body.String() {
					sizes++
				}
			}
		}
	}
	if sizes == 0 {
		t.Error("a caller that may see everything sees no more")
	}
	if got := code(t, do(hw, onlyA.fresh(with).rpc1("GET", "/", list))); got != "NotAuthorized" {
		t.Errorf("the question without a cluster: %q", got)
	}
}

var otherCluster = regexp.MustCompile(`beta|ecs\.g7|m-ubuntu|深度|"TotalCount":[2-9]`)

// What is outside a grant costs the store, and so the caller's time, what
// something that does not exist costs.
func TestForbiddenCostsWhatUnknownCosts(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	cost := func(path, params string) (calls []string) {
		bucket := buckettest.NewFaulty(w.Memory, func(op buckettest.Op) *buckettest.Fault {
			calls = append(calls, op.Verb+" "+op.Key)
			return nil
		})
		h := w.replica(closed, func(o *replica.Options) { o.Source = w.source(bucket, hangzhou) })
		do(h, onlyA.fresh(w).rpc1("GET", path, list+params))
		return calls
	}
	for _, path := range []string{"/", "/at/2/", "/at/2026-11-23T10:30:00Z/"} {
		for _, more := range []string{"", "&InstanceType=ecs.c7.large", "&BaseOsTag=x"} {
			forbidden, unknown := cost(path, "&ClusterId=ehpc-b"+more), cost(path, "&ClusterId=ehpc-none"+more)
			if !slices.Equal(forbidden, unknown) || len(unknown) == 0 {
				t.Errorf("%s%s: a forbidden cluster costs %q, an unknown one %q", path, more, forbidden, unknown)
			}
		}
	}
}
