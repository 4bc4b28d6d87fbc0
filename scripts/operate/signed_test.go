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

	"community-images/scripts/deploy/deploytest"
	"community-images/shared/cloud"
)

const (
	keyID  = "LTAIexample"
	secret = "wJalrXUtnFEMI-K7MDENG"
)

// gateway is Function Compute's in front of an HTTP trigger with the
// authentication "function".
func gateway(t *testing.T, token string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := deploytest.VerifyTrigger(r, cloud.Credentials{AccessKeyID: keyID, AccessKeySecret: secret,
			SecurityToken: token}); err != nil {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"Code":"AccessDenied","Message":%q}`, err)
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
	if len(all) < 3 {
		t.Logf("not tried, for want of bash, curl, openssl or python3: only %d of 3 examples", len(all))
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
	cmd.Env = append(os.Environ(), "ALIBABA_CLOUD_ACCESS_KEY_ID="+id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+secret,
		"ALIBABA_CLOUD_SECURITY_TOKEN="+token)
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
			for _, row := range []struct{ address, id, secret, says string }{
				{permanent.URL, "", secret, "exit status 2: signed"},
				{permanent.URL, "", secret, "ALIBABA_CLOUD_ACCESS_KEY_ID is not set"},
				{permanent.URL, keyID, "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set"},
				{"-h", "", "", "exit status 2: usage: signed"},
				{"", keyID, secret, "usage: signed"},
				{"http://127.0.0.1:1", keyID, secret, "exit status"},
			} {
				out, err := ask(command, row.address, row.id, row.secret, "")
				if err == nil || !strings.Contains(err.Error(), row.says) || out != "" ||
					strings.Contains(err.Error(), "Traceback") || strings.Contains(err.Error(), secret) {
					t.Errorf("%q with key %q: %v, want %q", row.address, row.id, err, row.says)
				}
			}
			if out, err := ask(command, permanent.URL+targets[1], keyID, "another secret", ""); err == nil ||
				!strings.Contains(out, "AccessDenied") {
				t.Errorf("with a wrong secret: %v %s", err, out)
			}
			if out, err := ask(command, temporary.URL+targets[1], keyID, secret, "another token"); err == nil ||
				!strings.Contains(out, "AccessDenied") {
				t.Errorf("with a wrong token: %v %s", err, out)
			}
		})
	}
}
