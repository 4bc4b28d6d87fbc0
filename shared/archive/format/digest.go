package format

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// The head, the index and every line of the log hold the SHA-256 of their own bytes,
// taken while that digest is empty. The digest follows the first CommittedAt:
// upstream's own JSON, which may have members of these names, comes after.
var (
	commitDigest = DigestField{After: `","`}
	headDigest   = DigestField{After: `","Discovery":`}
)

// DigestField says where an object holds its own digest.
type DigestField struct {
	// After is the text that follows the digest.
	After string
}

// offset returns where the digest begins in data, or -1 if there is none.
func (f DigestField) offset(data []byte) int {
	const anchor, before = `"CommittedAt":"`, `,"Digest":"`
	from := bytes.Index(data, []byte(anchor))
	if from < 0 {
		return -1
	}
	at := bytes.Index(data[from:], []byte(before))
	if at < 0 {
		return -1
	}
	return from + at + len(before)
}

// Fill returns data with its digest in place. The digest in data must be empty.
func (f DigestField) Fill(data []byte) (filled []byte, digest string) {
	sum := sha256.Sum256(data)
	digest = hex.EncodeToString(sum[:])
	at := f.offset(data)
	filled = make([]byte, 0, len(data)+len(digest))
	filled = append(filled, data[:at]...)
	filled = append(filled, digest...)
	return append(filled, data[at:]...), digest
}

// stated returns the digest that data states at an offset.
func (f DigestField) stated(data []byte, at int) (digest string, ok bool) {
	end := at + hex.EncodedLen(sha256.Size)
	if at < 0 || len(data) < end {
		return "", false
	}
	return string(data[at:end]), true
}

// Verify reports whether data has the digest that it states, which is digest.
func (f DigestField) Verify(data []byte, digest string) bool {
	return f.verifyAt(data, f.offset(data), digest)
}

// verifyAt is Verify if the offset of the digest is known; -1 means none.
func (f DigestField) verifyAt(data []byte, at int, digest string) bool {
	if at < 0 || len(digest) != hex.EncodedLen(sha256.Size) || !bytes.HasPrefix(data[at:], []byte(digest+f.After)) {
		return false
	}
	h := sha256.New()
	h.Write(data[:at])
	h.Write(data[at+len(digest):])
	return hex.EncodeToString(h.Sum(nil)) == digest
}

// IsDigest reports whether digest is a SHA-256 in lower-case hex.
func IsDigest(digest string) bool {
	if len(digest) != 64 {
		return false
	}
	for i := range len(digest) {
		if c := digest[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
