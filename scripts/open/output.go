package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
)

// use is what the output says.
type use struct {
	deployment string // its host
	state      string // what it said about itself
	address    string // of the gateway
	secrets    *secrets
	curlFile   string
}

// printUse prints how to use the gateway. The secret is shown here and nowhere
// else.
func printUse(w io.Writer, u use) {
	_, port, _ := net.SplitHostPort(u.address) // the address of a listener has a port
	fmt.Fprintf(w, `%s, %s, is open on this machine until Ctrl-C

browser   http://%s/?%s=%s
          (if your browser does not know that host, write %s instead, and read scripts/open/README.md)
curl      curl -K %s http://%s/v1/status
aliyun    aliyun ehpc ListClusters --endpoint %s --insecure
          with the same access key, or with ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s
others    the header Authorization: Bearer %s

Whoever has these lines can ask as you. Do not put the secret into arguments, which others on this machine can see.
`, u.deployment, u.state, net.JoinHostPort(u.secrets.host, port), secretParameter, u.secrets.text, u.address,
		u.curlFile, u.address, u.address, keyID, u.secrets.text, u.secrets.text)
}

// writeCurlFile writes a configuration of curl with the secret, which others
// could see among the arguments of curl. remove removes it.
func writeCurlFile(secret string) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "community-images-open-") // with mode 0700
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	path = filepath.Join(dir, "curl")
	// A proxy of the environment must not get the secret.
	text := fmt.Sprintf("header = \"Authorization: Bearer %s\"\nnoproxy = \"*\"\n", secret)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}
