package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// The head and every line of the log hold the SHA-256 of their own bytes, as
// they are with that digest left empty. It follows CommittedAt: in a line the
// last member of that name, for what comes before may hold upstream's own
// JSON, in a head the first, for there upstream's comes after.
var (
	lineDigest = place{find: bytes.LastIndex, after: `","`}
	headDigest = place{find: bytes.Index, after: `","Discovery":`}
)

type place struct {
	find  func(data, sep []byte) int
	after string
}

// at returns where the digest begins; -1: nowhere.
func (p place) at(data []byte) int {
	const anchor, before = `"CommittedAt":"`, `,"Digest":"`
	from := p.find(data, []byte(anchor))
	if from < 0 {
		return -1
	}
	at := bytes.Index(data[from:], []byte(before))
	if at < 0 {
		return -1
	}
	return from + at + len(before)
}

// sign fills in the digest of encoded bytes in which it is empty.
func sign(data []byte, p place) (out []byte, digest string) {
	sum := sha256.Sum256(data)
	digest = hex.EncodeToString(sum[:])
	at := p.at(data)
	out = make([]byte, 0, len(data)+len(digest))
	out = append(out, data[:at]...)
	out = append(out, digest...)
	return append(out, data[at:]...), digest
}

// signed says whether data has the digest that it states. A line that states
// none was not written by this program: the chain of the log has to prove it.
func signed(data []byte, p place, digest string) bool {
	return digest == "" || signedAt(data, p.at(data), p, digest)
}

// signedAt is signed for a digest at a place that is known; -1: nowhere.
func signedAt(data []byte, at int, p place, digest string) bool {
	if at < 0 || len(digest) != hex.EncodedLen(sha256.Size) || !bytes.HasPrefix(data[at:], []byte(digest+p.after)) {
		return false
	}
	h := sha256.New()
	h.Write(data[:at])
	h.Write(data[at+len(digest):])
	return hex.EncodeToString(h.Sum(nil)) == digest
}
