package cloud_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"community-images/shared/cloud"
)

// TestDecodeBody: whatever a gateway makes of an answer, its bytes are read as the
// service wrote them, or the error names the encoding.
func TestDecodeBody(t *testing.T) {
	t.Parallel()
	packed := compress(t, "plain text")
	for _, row := range []struct{ name, encoding, body, want, err string }{
		{"no encoding", "", "plain text", "plain text", ""},
		{"identity", "identity", "plain text", "plain text", ""},
		{"gzip", "gzip", packed, "plain text", ""},
		{"gzip in another spelling", " X-GZip ", packed, "plain text", ""},
		{"gzip of nothing, as HEAD has it", "gzip", "", "", ""},
		{"gzip that is none", "gzip", "plain text", "", "the answer says that it is gzip"},
		{"gzip that is cut", "gzip", packed[:len(packed)-9], "", "unexpected EOF"},
		{"gzip with a wrong sum", "gzip", packed[:len(packed)-8] + "12345678", "", "the answer says that it is gzip"},
		{"an encoding that we do not know", "br", "x", "", `Content-Encoding "br", which was not asked for`},
	} {
		resp := &http.Response{Header: http.Header{"Content-Encoding": {row.encoding}, "Content-Length": {"9"}},
			Body: io.NopCloser(strings.NewReader(row.body)), ContentLength: 9}
		err := cloud.DecodeBody(resp)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(resp.Body)
		}
		if err != nil || row.err != "" {
			if err == nil || row.err == "" || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%s: %v, want %q", row.name, err, row.err)
			}
			continue
		}
		if string(got) != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// compress returns the gzip of a text.
func compress(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
