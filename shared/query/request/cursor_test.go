package request

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// FuzzParseCursor checks that an accepted cursor is written as it was read.
func FuzzParseCursor(f *testing.F) {
	f.Add((&Cursor{QueryHash: ShortHash("q"), ContentHash: ShortHash("v"), Sequence: 7, Offset: 100}).String())
	f.Add((&Cursor{Sequence: 1 << 53, Offset: 1 << 31}).String())   // the largest,
	f.Add((&Cursor{Sequence: 1<<53 + 1, Offset: 1 << 31}).String()) // and one that is larger
	f.Add((&Cursor{Sequence: -1, Offset: -1}).String())
	// numbers with needless bytes
	f.Add(base64.RawURLEncoding.EncodeToString(
		append(append([]byte{cursorVersion}, make([]byte, 16)...), 0x87, 0x80, 0x00, 0x80, 0x00)))
	// and without end
	f.Add(base64.RawURLEncoding.EncodeToString(
		append(append([]byte{cursorVersion}, make([]byte, 16)...), bytes.Repeat([]byte{0xff}, 22)...)))
	f.Add("AQAAAAAAAAAAAAAAAAAAAAAAAQF=\n")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseCursor(s); err == nil {
			if again, err := parseCursor(c.String()); err != nil || *again != *c {
				t.Errorf("%q: %v, %v", s, again, err)
			}
		}
	})
}
