package replica

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"community-images/shared/acsauth"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// refusal is the code of an error of take; empty: taken.
func refusal(err error) string {
	var e *acsauth.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestNonces(t *testing.T) {
	t.Parallel()
	n := newNonceStore(4)
	for i, row := range []struct {
		nonce       string
		signed, now time.Duration // after noon
		want        string
	}{
		{"a", 0, 0, ""},
		{"a", 0, 0, "SignatureNonceUsed"},
		{"a", 5 * time.Second, 0, "SignatureNonceUsed"}, // signed anew with the same nonce
		{"b", -10 * time.Second, 0, ""},
		{"c", 60 * time.Second, 0, ""},
		{"d", 61 * time.Second, time.Second, ""},
		{"e", 2 * time.Second, 2 * time.Second, ""},                           // full: b, the oldest, is forgotten
		{"b", -10 * time.Second, 2 * time.Second, "InvalidTimeStamp.Expired"}, // and cannot come back
		{"f", -10 * time.Second, 2 * time.Second, "InvalidTimeStamp.Expired"}, // nor any other of its second
		{"g", 0, 2 * time.Second, "InvalidTimeStamp.Expired"},                 // full, and nothing is older than it
		{"a", 0, 2 * time.Second, "SignatureNonceUsed"},
		{"c", 60 * time.Second, 2 * time.Second, "SignatureNonceUsed"},
		{"h", 16 * time.Minute, 16*time.Minute + 2*time.Second, ""},
		{"c", 17 * time.Minute, 17 * time.Minute, ""}, // long after: the first request would not be taken any more
	} {
		if got := refusal(n.accept(row.nonce, noon.Add(row.signed), noon.Add(row.now))); got != row.want {
			t.Errorf("step %d, %s: %q, want %q", i, row.nonce, got, row.want)
		}
	}
}

// Whatever is sent in whatever order, with clocks that are off, nothing is
// taken twice and no more than the limit is remembered.
func TestNothingIsTakenTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := newNonceStore(1 + rng.IntN(200))
		type request struct {
			nonce  string
			signed time.Time
		}
		taken, now, count := map[request]bool{}, noon, 0
		var sent []request
		for i := range 5000 {
			now = now.Add(time.Duration(rng.IntN(2000)) * time.Millisecond)
			r := request{fmt.Sprint(i), now.Add(time.Duration(rng.IntN(1800)-900) * time.Second).Truncate(time.Second)}
			if len(sent) > 0 && rng.IntN(2) == 0 {
				r = sent[rng.IntN(len(sent))]
			}
			sent = append(sent, r)
			if d := now.Sub(r.signed); d > acsauth.Skew || d < -acsauth.Skew {
				continue // refused before
			}
			if n.accept(r.nonce, r.signed, now) == nil {
				if taken[r] {
					t.Fatalf("seed %d: request %v is taken twice", seed, r)
				}
				taken[r] = true
				count++
			}
			if len(n.used) > n.limit {
				t.Fatalf("seed %d: %d nonces are remembered, the limit is %d", seed, len(n.used), n.limit)
			}
		}
		if count == 0 {
			t.Errorf("seed %d: nothing is taken at all", seed)
		}
	}
}

// A burst of a whole minute at 50 times what fits still lets honest clocks in.
func TestBusyKeyGoesOn(t *testing.T) {
	t.Parallel()
	n := newNonceStore(minNoncesPerKey)
	refused := 0
	for i := range 200_000 {
		now := noon.Add(time.Duration(i) * 300 * time.Microsecond)
		if n.accept(fmt.Sprint(i), now, now) != nil {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d requests of an honest clock are refused", refused)
	}
}
