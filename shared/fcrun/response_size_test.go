package fcrun

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"community-images/shared/cloud"

	"go.uber.org/zap"
)

// TestResponsesFitAsTheyAreSent encodes answers as the SDK does. Each arrives
// whole, or as an error that says that it is too large; FC never has to refuse it.
func TestResponsesFitAsTheyAreSent(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for _, row := range []struct {
		name     string
		body     string
		isBase64 bool
		isError  bool
	}{
		{"31 MB of letters", strings.Repeat("a", 31*mb), false, false},
		{"20 MB of quotes, which are 40 MB quoted", strings.Repeat(`"`, 20*mb), true, false},
		{"6 MB of <, which are 36 MB quoted", strings.Repeat("<", 6*mb), true, false},
		{"15 MB of quotes, which are 30 MB quoted", strings.Repeat(`"`, 15*mb), false, false},
		{"23 MB of line ends and bytes", strings.Repeat("\n", 23*mb-1) + "\xff", true, false},
		{"24 MB of quotes", strings.Repeat(`"`, 24*mb), true, true},
		{"24 MB of bytes", strings.Repeat("\xff", 24*mb), true, true},
		{"33 MB of letters", strings.Repeat("a", 33*mb), false, true},
	} {
		handler := HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("X-Hint", strings.Repeat(`"`, 7<<10))
			_, _ = io.WriteString(w, row.body)
		}), Options{Log: zap.NewNop(), Credentials: cloud.NewSource(cloud.Credentials{})})
		result, err := handler(invocation(t.Context()), []byte(sample))
		if err != nil {
			t.Fatal(err)
		}
		sent, err := json.Marshal(result)
		if err != nil || len(sent) > 32*mb {
			t.Errorf("%s: %d bytes are sent, %v", row.name, len(sent), err)
		}
		out := result.(*response)
		if row.isError {
			if out.StatusCode != 400 || !strings.Contains(out.Body, `"Code":"ResponseTooLarge"`) {
				t.Errorf("%s: %d %.200s", row.name, out.StatusCode, out.Body)
			}
			continue
		}
		got := out.Body
		if out.IsBase64Encoded {
			data, err := base64.StdEncoding.DecodeString(got)
			if err != nil {
				t.Fatal(err)
			}
			got = string(data)
		}
		if out.StatusCode != 200 || out.IsBase64Encoded != row.isBase64 || got != row.body {
			t.Errorf("%s: %d, base64 %t, equal %t", row.name, out.StatusCode, out.IsBase64Encoded, got == row.body)
		}
	}
}

// FuzzQuotedSize compares the size with what encoding/json writes.
func FuzzQuotedSize(f *testing.F) {
	f.Add("a\"b\\c\n\t\r\b\f\x00\x1f\x7f")
	f.Add("<a href='&'>\u2028\u2029\u0085深\U0001f600")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		data, err := json.Marshal(text)
		if err != nil || len(data) != quotedSize(text) {
			t.Errorf("%q has %d bytes, want %d", data, len(data), quotedSize(text))
		}
	})
}
