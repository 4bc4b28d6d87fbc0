package replica

import (
	"crypto/sha256"
	"sync"
	"time"

	"community-images/shared/acsauth"
)

// Bounds of what is remembered, in nonces: over all keys, and for one key if
// there are many. A nonce takes about 60 bytes.
const (
	mostNonces  = 1 << 16
	leastNonces = 1 << 12
)

// nonces remembers those of one access key, within a limit.
//
// A request is good for Skew after it was signed, by its own time stamp, so a
// nonce has to be remembered until then. Where that is more than the limit,
// the nonces of the oldest second are forgotten and everything signed in that
// second or before is refused from then on, as if it had expired. So nothing
// is ever taken twice; what a busy key loses is tolerance of slow clocks. A
// key has memory of its own, so none can make another lose it.
type nonces struct {
	limit int

	mu      sync.Mutex
	used    map[digest]struct{}
	seconds map[int64][]digest // by the second of signing
	floor   int64              // nothing signed in this second or before is taken
}

// digest stands for a nonce, which may be long.
type digest [16]byte

func newNonces(limit int) *nonces {
	return &nonces{limit: limit, used: map[digest]struct{}{}, seconds: map[int64][]digest{}}
}

// take remembers a nonce that was signed at a time within Skew of now. The
// error says why it is not to be taken.
func (n *nonces) take(nonce string, signed, now time.Time) error {
	hash := sha256.Sum256([]byte(nonce))
	key, second := digest(hash[:]), signed.Unix()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forget(now.Add(-acsauth.Skew).Unix() - 1)
	if _, again := n.used[key]; again {
		return acsauth.NonceUsed()
	}
	for second > n.floor && len(n.used) >= n.limit {
		if second <= n.oldest() {
			return acsauth.Expired() // there is no room for it
		}
		n.forget(n.oldest())
	}
	if second <= n.floor {
		return acsauth.Expired()
	}
	n.used[key] = struct{}{}
	n.seconds[second] = append(n.seconds[second], key)
	return nil
}

// forget raises the floor to a second.
func (n *nonces) forget(until int64) {
	if until <= n.floor {
		return
	}
	n.floor = until
	for second, keys := range n.seconds {
		if second <= until {
			for _, key := range keys {
				delete(n.used, key)
			}
			delete(n.seconds, second)
		}
	}
}

// oldest is the first second of which a nonce is remembered.
func (n *nonces) oldest() int64 {
	least := int64(1<<63 - 1)
	for second := range n.seconds {
		least = min(least, second)
	}
	return least
}
