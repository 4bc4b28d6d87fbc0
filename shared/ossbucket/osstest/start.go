package osstest

import (
	"net/http/httptest"
	"testing"
)

// Endpoint is a Server that listens on a loopback port.
type Endpoint struct {
	*Server
	URL    string // of the endpoint, for any OSS client
	Bucket string
	Region string // that requests must be signed for
	Key    Key
}

// Start serves one bucket until the test ends. Without a dir it is in memory.
func Start(t testing.TB, dir string) *Endpoint {
	t.Helper()
	e := &Endpoint{Bucket: "community-images-test", Region: DefaultRegion,
		Key: Key{ID: "LTAItestkey", Secret: "test-secret", Token: "test-token"}}
	var err error
	if e.Server, err = New(Options{Dir: dir, Buckets: []string{e.Bucket}, Keys: []Key{e.Key}}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(e.Server)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // runs first: a stalled request holds Close up
	e.URL = server.URL
	return e
}
