package replica

import (
	"crypto/sha256"
	"sync"
	"time"

	"community-images/shared/acsauth"
)

// Bounds of the nonces that are remembered: for all keys together, and at least
// for each key. A nonce takes about 60 bytes.
const (
	maxNonces       = 1 << 16
	minNoncesPerKey = 1 << 12
)

// nonceStore remembers the nonces of one access key, up to a limit.
//
// A request is valid until Skew after it was signed, by its own time stamp, so
// its nonce must be remembered until then. If there are more nonces than the
// limit, the store forgets those of the oldest second and refuses everything that
// was signed in that second or before, as if it had expired. So no request is
// accepted twice. A busy key only loses tolerance of slow clocks. Each key has
// its own store, so no key affects another.
type nonceStore struct {
	limit int // of nonces in used

	mu           sync.Mutex // guards the following
	used         map[nonceHash]struct{}
	seconds      map[int64][]nonceHash // by the second of signing
	refusedUntil int64                 // requests signed in this second or before are refused
}

// nonceHash stands for a nonce, which may be long.
type nonceHash [16]byte

// newNonceStore returns an empty store for at most limit nonces.
func newNonceStore(limit int) *nonceStore {
	return &nonceStore{limit: limit, used: map[nonceHash]struct{}{}, seconds: map[int64][]nonceHash{}}
}

// accept remembers a nonce that was signed within Skew of now. It returns an
// error if the nonce was used before or the signature counts as expired.
func (n *nonceStore) accept(nonce string, signed, now time.Time) error {
	hash := sha256.Sum256([]byte(nonce))
	key, second := nonceHash(hash[:]), signed.Unix()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forgetUntil(now.Add(-acsauth.Skew).Unix() - 1)
	if _, again := n.used[key]; again {
		return acsauth.NonceUsed()
	}
	for second > n.refusedUntil && len(n.used) >= n.limit {
		if second <= n.oldestSecond() {
			return acsauth.Expired() // no room for it
		}
		n.forgetUntil(n.oldestSecond())
	}
	if second <= n.refusedUntil {
		return acsauth.Expired()
	}
	n.used[key] = struct{}{}
	n.seconds[second] = append(n.seconds[second], key)
	return nil
}

// forgetUntil forgets the nonces that were signed up to a second, and refuses
// further ones.
func (n *nonceStore) forgetUntil(until int64) {
	if until <= n.refusedUntil {
		return
	}
	n.refusedUntil = until
	for second, keys := range n.seconds {
		if second <= until {
			for _, key := range keys {
				delete(n.used, key)
			}
			delete(n.seconds, second)
		}
	}
}

// oldestSecond returns the earliest second that a remembered nonce was signed in.
func (n *nonceStore) oldestSecond() int64 {
	least := int64(1<<63 - 1)
	for second := range n.seconds {
		least = min(least, second)
	}
	return least
}
