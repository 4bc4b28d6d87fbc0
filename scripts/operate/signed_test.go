package operate_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
)

const (
	keyID  = "LTAIexample"
	secret = "wJalrXUtnFEMI-K7MDENG"
)

// gateway is Function Compute's in front of an HTTP trigger with the
// authentication "function". What a request should have been signed with is
// worked out by the vendor's own library, as the vendor's example does it.
func gateway(t *testing.T, token string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := func(why string) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"Code":"AccessDenied","Message":%q}`, why)
		}
		date, err := time.Parse("2006-01-02T15:04:05Z", r.Header.Get("x-acs-date"))
		if err != nil || time.Since(date).Abs() > 15*time.Minute {
			refuse("x-acs-date: " + r.Header.Get("x-acs-date"))
			return
		}
		headers := map[string]*string{"x-acs-date": dara.String(r.Header.Get("x-acs-date"))}
		if token != "" {
			headers["x-acs-security-token"] = dara.String(token)
		}
		query := map[string]*string{}
		for name, values := range r.URL.Query() {
			query[name] = &values[0]
		}
		request := &dara.Request{Method: &r.Method, Pathname: dara.String(r.URL.EscapedPath()), Headers: headers, Query: query}
		want := openapi.GetAuthorization(request, dara.String("ACS3-HMAC-SHA256"), dara.String(""), dara.String(keyID), dara.String(secret))
		if got := r.Header.Get("Authorization"); got != *want {
			refuse("signed as " + got + ", want " + *want)
			return
		}
		fmt.Fprintf(w, "welcome to %s?%s", r.URL.EscapedPath(), r.URL.RawQuery)
	}))
	t.Cleanup(server.Close)
	return server
}

// clients are the three examples of the operating document.
func clients(t *testing.T) map[string][]string {
	binary := filepath.Join(t.TempDir(), "signed")
	if out, err := exec.Command("go", "build", "-o", binary, "./signed").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := map[string][]string{"go": {binary}}
	if found("bash") && found("curl") && found("openssl") {
		all["curl"] = []string{"bash", "signed.sh"}
	}
	if found("python3") {
		all["python"] = []string{"python3", "signed.py"}
	}
	if os.Getenv("CI") != "" && len(all) < 3 {
		t.Fatal("bash, curl, openssl and python3 belong on a machine that runs CI")
	}
	return all
}

func found(command string) bool {
	_, err := exec.LookPath(command)
	return err == nil
}

// ask runs a client.
func ask(command []string, address, id, secret, token string) (string, error) {
	cmd := exec.Command(command[0], append(command[1:], address)...)
	cmd.Env = append(os.Environ(), "ALIBABA_CLOUD_ACCESS_KEY_ID="+id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+secret, "ALIBABA_CLOUD_SECURITY_TOKEN="+token)
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, strings.TrimSpace(faults.String()))
	}
	return out.String(), nil
}

// TestSignedExamples asks the gateway with each example.
func TestSignedExamples(t *testing.T) {
	t.Parallel()
	targets := []string{
		"",
		"/v1/status",
		"/v1/images?ClusterId=ehpc-hz-1&OsTag.Platform=CentOS&Status=Available&sort=-OsTag.Version&limit=1&format=ids",
		"/v1/images?BaseOsTag=x&BaseOsTag.Version__gte=7.6&at=-24h",
		"/v1/images?q=" + url.QueryEscape("深度学习 a+b=c&d/e?~*'(\\") + "&ImageName__glob=*%2A&facets=",
		"/v1/images/m-bp1%2Ax?fields=ImageId,OsTag.Version",
	}
	for name, command := range clients(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			permanent, temporary := gateway(t, ""), gateway(t, "CAIS+token/==")
			for _, target := range targets {
				out, err := ask(command, permanent.URL+target, keyID, secret, "")
				if err != nil || !strings.HasPrefix(out, "welcome to /") {
					t.Errorf("%q: %v %s", target, err, out)
				}
			}
			if out, err := ask(command, temporary.URL+targets[2], keyID, secret, "CAIS+token/=="); err != nil {
				t.Errorf("with a temporary key: %v %s", err, out)
			}
			if out, err := ask(command, permanent.URL+targets[1], keyID, "another secret", ""); err == nil || !strings.Contains(out, "AccessDenied") {
				t.Errorf("with a wrong secret: %v %s", err, out)
			}
			if out, err := ask(command, temporary.URL+targets[1], keyID, secret, "another token"); err == nil || !strings.Contains(out, "AccessDenied") {
				t.Errorf("with a wrong token: %v %s", err, out)
			}
		})
	}
}
