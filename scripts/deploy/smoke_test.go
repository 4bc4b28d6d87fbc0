package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/ehpc"
)

// TestDeploymentWithTokens deploys with QueryTokens, so lookups need a token.
func TestDeploymentWithTokens(t *testing.T) {
	t.Parallel()
	tokens := filepath.Join(t.TempDir(), "tokens.json")
	list := `[{"name": "ci", "sha256": "` + strings.Repeat("0", 64) + `"}]`
	if err := os.WriteFile(tokens, []byte(list+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	jwt := filepath.Join(t.TempDir(), "jwt.json")
	if err := os.WriteFile(jwt, []byte("{\n  \"jwks\": {}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bearer := filepath.Join(t.TempDir(), "bearer.json")
	token := "t" + strings.Repeat("0123456789", 4)
	if err := os.WriteFile(bearer, []byte(`{"tokens":[`+entry("ci", token)+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newAccount(t)
	var last outcome
	for _, more := range []string{
		"-create-code-bucket -param HttpAuth=anonymous -param-file QueryTokens=" + tokens,
		"-param DefaultUrl=false",
		"-param HttpAuth=jwt -param-file HttpAuthConfig=" + jwt,
		"-param QueryTokens= -param DefaultUrl=true -param HttpAuth=bearer -param-file HttpAuthConfig=" + bearer,
	} {
		o := a.expect("-yes -version v1 "+more, 0, "reports version v1: deployed")
		last = o
		if !strings.Contains(o.out, `curl -H "Authorization: Bearer $TOKEN" "http`) {
			t.Errorf("the output does not tell how to ask: %s", o)
		}
		if strings.Contains(o.out+o.faults, "sha256") || strings.Contains(o.out+o.faults, token) {
			t.Errorf("shows the tokens: %s", o)
		}
	}
	a.expect("-yes -version v1 -param-file QueryTokens="+tokens+"x", 2, "no such file")
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(last.out)
	a.askWithToken(url+"/v1/status", token, http.StatusOK)
	a.askWithToken(url+"/v1/status", token+"x", http.StatusUnauthorized)
	a.expect("-yes -version v1 -param HttpAuthConfig=", 1, "HttpAuth bearer needs HttpAuthConfig")
	a.expect("-yes -version v1 -param HttpAuthConfig={}", 2, "parameter HttpAuthConfig: has 0 tokens")
	a.expect("-yes -version v1 -param HttpAuth=anonymous -param DomainName=i.example.com -param DomainProtocol=HTTP "+
		"-param-file QueryTokens="+tokens, 1, "tokens would travel in clear text")
	a.expect("-yes -version v1 -param HttpAuth=jwt -param HttpAuthConfig=", 1, "HttpAuth jwt needs HttpAuthConfig")
	a.expect("-yes -version v1 -param HttpAuth=anonymous -param-file QueryTokens="+tokens, 0)
	a.expect("-yes -version v1 -param QueryTokens=[]", 2, "parameter QueryTokens: the value is not allowed; ")
	a.expect("-yes -version v1 -param HttpAuth=function", 1, "QueryTokens need HttpAuth anonymous")
	a.expect("-yes -version v1 -param QueryTokens= -param HttpAuth=function -param DefaultUrl=true", 0,
		"  scripts/operate/signed.sh \"http", "/v1/status reports version v1: deployed")
	a.expect("-yes -version v1 -param AlarmActionPolicy=ops -param LogLevel=warn", 1,
		"AlarmActionPolicy needs LogLevel info or debug")
	a.expect("-yes -version v1 -param AlarmActionPolicy=ops -param LogLevel=debug", 0)
	a.expect("-yes -version v1 -param LogLevel=error", 1, "AlarmActionPolicy needs LogLevel info or debug")
	a.expect("-yes -version v1 -param AlarmActionPolicy= -param LogLevel=error", 0)
	a.expect("-yes -version v1 -param DomainName=i.example.com -param Certificate=chain.pem -param "+
		"CertificateKey=key.pem", 2, `parameter Certificate: "chain.pem" is not allowed; `, "BEGIN")
}

// askWithToken asks for the status with a token, as a caller does.
func (a *account) askWithToken(url, token string, status int) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != status {
		a.t.Errorf("a lookup with a token: %s, want %d", resp.Status, status)
	}
}

// TestDeploymentWithAccessKeysOnly deploys with QueryAccessKeys alone. The output
// Example shows how to ask then.
func TestDeploymentWithAccessKeysOnly(t *testing.T) {
	t.Parallel()
	const secret = "3MbGmzNb2c0wlAhTN2T6y7nEUxC9Ja3VRC4GyZfP"
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, []byte(`[{"name":"cli","id":"CIAK-0001","secret":"`+secret+`"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newAccount(t)
	a.expect("-yes -version v1 -create-code-bucket -param-file QueryAccessKeys="+keys, 1,
		"QueryAccessKeys need HttpAuth anonymous")
	o := a.expect("-yes -version v1 -create-code-bucket -param HttpAuth=anonymous -param-file QueryAccessKeys="+keys, 0,
		"reports version v1: deployed")
	endpoint := regexp.MustCompile(`Example +aliyun ehpc ListClusters --endpoint (127\.0\.0\.1:\d+) `).FindStringSubmatch(
		o.out)
	if endpoint == nil || strings.Contains(o.out+o.faults, secret) {
		t.Fatalf("the output does not tell how to ask, or the secret: %s", o)
	}
	for key, refused := range map[string]bool{secret: false, secret + "x": true} {
		client, err := ehpc.New(ehpc.Options{
			Endpoint: "http://" + endpoint[1],
			Credentials: func(context.Context) (cloud.Credentials, error) {
				return cloud.Credentials{AccessKeyID: "CIAK-0001", AccessKeySecret: key}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if listing, err := client.ListClusters(t.Context(), "cn-hangzhou", nil); (err != nil) != refused || !refused &&
			len(listing) == 0 {
			t.Errorf("refused %t: got %d clusters, %v", refused, len(listing), err)
		}
	}
	tokens := `QueryTokens=[{"name":"ci","sha256":"` + strings.Repeat("0", 64) + `"}]`
	a.expect("-yes -version v1 -param "+tokens, 0, `  curl -H "Authorization: Bearer $TOKEN" "http`)
}
