package querytest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
)

// Pick returns one of list.
func Pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// Chance returns true in percent of 100 calls.
func Chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

// EncodeObject writes an object as it is stored: with sorted members and
// without spaces.
func EncodeObject(object map[string]any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil {
		panic(err)
	}
	return string(bytes.TrimSpace(b.Bytes()))
}
