package fcrun

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"community-images/shared/cloud"

	"go.uber.org/zap"
)

// BenchmarkHTTP is what the adapter adds to an invocation, without the SDK's
// own encoding of the result. A whole small invocation costs about 90 µs.
func BenchmarkHTTP(b *testing.B) {
	body := strings.Repeat("m-bp181x855551ww5yq\n", 50)
	handler := HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Etag", `"0123456789abcdef"`)
		w.Header().Set("Cache-Control", "max-age=5")
		io.WriteString(w, body)
	}), Options{Log: zap.NewNop(), Credentials: cloud.NewSource(cloud.Credentials{})})
	ctx := invocation(b.Context())
	event := []byte(sample)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handler(ctx, event); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, decode := range map[string]func() bool{
		"fast": func() bool { _, ok := decodeFast(sample); return ok },
		"slow": func() bool { _, err := decodeSlow([]byte(sample)); return err == nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !decode() {
					b.Fatal("not decoded")
				}
			}
		})
	}
}

// BenchmarkEncode is the SDK's encoding of an answer.
func BenchmarkEncode(b *testing.B) {
	for name, headers := range map[string]int{"1 header": 1, "10 headers": 10} {
		b.Run(name, func(b *testing.B) {
			out := &response{StatusCode: 200, Headers: map[string]string{}, Body: strings.Repeat("x", 1000)}
			for i := range headers {
				out.Headers["X-Header-"+string(rune('a'+i))] = "some value"
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
