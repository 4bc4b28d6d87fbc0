package operate_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
	server := httptest.NewServer(gatewayHandler(token))
	t.Cleanup(server.Close)
	return server
}

// gatewayHandler checks the signature, and answers what it was asked.
func gatewayHandler(token string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := deploytest.VerifyTrigger(r, cloud.Credentials{AccessKeyID: keyID, AccessKeySecret: secret,
			SecurityToken: token}); err != nil {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"Code":"AccessDenied","Message":%q}`, err)
			return
		}
		fmt.Fprintf(w, "welcome to %s?%s", r.URL.EscapedPath(), r.URL.RawQuery)
	}
}

// signedBinary is the path of the Go example, which is built once.
var signedBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "signed-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "signed")
	if out, err := exec.Command("go", "build", "-o", binary, "./signed").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
})

// TestMain removes the binary afterwards.
func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := signedBinary(); err == nil {
		os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// clients are the three examples of the operating document.
func clients(t *testing.T) map[string][]string {
	t.Helper()
	binary, err := signedBinary()
	if err != nil {
		t.Fatal(err)
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

// ask runs a client. more are further arguments, or variables of its environment.
func ask(command []string, address, id, secret, token string, more ...string) (string, error) {
	cmd := exec.Command(command[0], append(slices.Clone(command[1:]), address)...)
	cmd.Env = os.Environ()
	for _, text := range more {
		if strings.HasPrefix(text, "-") {
			cmd.Args = append(cmd.Args, text)
		} else {
			cmd.Env = append(cmd.Env, text)
		}
	}
	cmd.Env = append(cmd.Env, "ALIBABA_CLOUD_ACCESS_KEY_ID="+id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+secret,
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
		// curl would expand these to several URLs, after they were signed.
		"/v1/images?ImageName__regex=CentOS7.[0-2]&q={a,b}",
		"/v1/images/m-[1-3]?q=x#part",
		"/v1/status#a?b=c",
		// Bytes that may not stand in a URL, as people paste them.
		"/v1/images/镜像?q=深度学习&OsTag.Platform=Alibaba Cloud Linux",
		"/v1/images?q=<a>\"|^`\\",
		"?b=1&~=2&A=3&a.b=x&a=",
		// What is encoded already stays as it is.
		"/v1/images?q=a%20b+c%0A&x&y=&&z=%ff%2f",
		"/v1/images/../status/./x",
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
				{"ftp://127.0.0.1", keyID, secret, "exit status 2: signed"},
				{"", keyID, secret, "want one URL that begins with http:// or https://; -h prints help"},
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

// TestSignedExamplesReachEveryHost asks by an IPv6 address, and for a domain with
// letters outside of ASCII, which a proxy resolves.
func TestSignedExamplesReachEveryHost(t *testing.T) {
	t.Parallel()
	const path = "/v1/images?q=[a]"
	for name, command := range clients(t) {
		server := httptest.NewUnstartedServer(gatewayHandler(""))
		if listener, err := net.Listen("tcp", "[::1]:0"); err == nil {
			server.Listener = listener
		} else {
			t.Logf("no IPv6 here: %v", err)
		}
		server.Start()
		defer server.Close()
		if out, err := ask(command, server.URL+path, keyID, secret, ""); err != nil {
			t.Errorf("%s: %s: %v %s", name, server.URL, err, out)
		}
		var hosts []string
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hosts = append(hosts, r.Host)
			gatewayHandler("").ServeHTTP(w, r)
		}))
		defer proxy.Close()
		out, err := ask(command, "http://bücher.example:8080"+path, keyID, secret, "",
			"http_proxy="+proxy.URL, "no_proxy=", "NO_PROXY=", "LC_ALL=C.UTF-8")
		if err != nil || len(hosts) != 1 || hosts[0] != "xn--bcher-kva.example:8080" {
			t.Errorf("%s: asks %q: %v %s", name, hosts, err, out)
		}
	}
}

// TestSignedExamplesDoNotFollowRedirects: another host must never get the
// signature or the security token, not even if the caller's curl follows.
func TestSignedExamplesDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	for name, command := range clients(t) {
		asked := 0
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
		defer other.Close()
		for _, status := range []int{301, 302, 303, 307, 308} {
			server := httptest.NewServer(http.RedirectHandler(other.URL+"/v1/status", status))
			out, err := ask(command, server.URL+"/v1/status", keyID, secret, "CAIS+token/==")
			server.Close()
			if err == nil || strings.HasPrefix(err.Error(), "exit status 2:") {
				t.Errorf("%s: %d is no failure: %v %s", name, status, err, out)
			}
		}
		if name == "curl" {
			server := httptest.NewServer(http.RedirectHandler(other.URL+"/v1/status", http.StatusFound))
			out, err := ask(command, server.URL+"/v1/status", keyID, secret, "CAIS+token/==", "-L", "--location-trusted")
			server.Close()
			if err == nil {
				t.Errorf("curl with -L: %s", out)
			}
		}
		if asked != 0 {
			t.Errorf("%s: the other host was asked %d times", name, asked)
		}
	}
}

// TestSignedExamplesHaveHelp runs each with -h, without a key in the environment.
func TestSignedExamplesHaveHelp(t *testing.T) {
	t.Parallel()
	for name, command := range clients(t) {
		for _, flag := range []string{"-h", "--help"} {
			out, err := ask(command, flag, "", "", "")
			for _, says := range []string{"usage: signed", "ALIBABA_CLOUD_ACCESS_KEY_ID", "fc:InvokeFunction"} {
				if err != nil || !strings.Contains(out, says) {
					t.Errorf("%s %s does not say %q: %v\n%s", name, flag, says, err, out)
				}
			}
		}
	}
}
