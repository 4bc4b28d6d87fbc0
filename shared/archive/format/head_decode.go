package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unsafe"
)

// errHeadDigest means that the bytes are not those that a run wrote.
var errHeadDigest = errors.New("head does not have the digest that it states")

// parseHead decodes a head and verifies its digest. Heads that Head.Encode wrote
// go through decodeFixedHead, since a cold reader waits for this and
// encoding/json takes ten times as long. Their two tables are in stored and not
// in h. encoding/json reads other layouts; then stored is nil. See
// DecodeHeadEarly for onPosition.
func parseHead(data []byte, onPosition func(LogPosition)) (h storedHead, stored *headTables, err error) {
	at := headDigest.offset(data)
	if at < 0 {
		return h, nil, errHeadDigest
	}
	proved := make(chan bool, 1) // hashing is half of the work: a second core may do it
	go func() { proved <- verifyHeadDigest(data, at) }()
	h, stored, ok := decodeFixedHead(data, at, onPosition)
	if !<-proved {
		return storedHead{}, nil, errHeadDigest
	}
	if ok {
		return h, stored, nil
	}
	// Another program may have written the same members in another layout.
	h = storedHead{}
	err = json.Unmarshal(data, &h)
	var r Head
	r.setTables(h.Clusters, nil, h.Scopes)
	h.Clusters, h.Scopes = r.clusters, r.scopes
	return h, nil, err
}

// verifyHeadDigest reports whether a head has the digest that it states at an
// offset.
func verifyHeadDigest(data []byte, at int) bool {
	const length = 64
	return len(data) >= at+length && headDigest.verifyAt(data, at, string(data[at:at+length]))
}

// decodeFixedHead decodes a head in the layout that Head.Encode gives it. The two
// large tables, clusters and scopes, become tables; encoding/json reads the rest
// into h. between is the offset of the digest, which stands between the
// tables. ok is false if the head has another layout.
func decodeFixedHead(
	data []byte, between int, onPosition func(LogPosition),
) (h storedHead, tables *headTables, ok bool) {
	const (
		afterClusters = `,"CommittedAt":`
		beforeScopes  = `,"Scopes":`
		afterScopes   = `],"Sequence":`
		upstream      = `,"UpstreamClusters":`
	)
	text := unsafe.String(unsafe.SliceData(data), len(data)) // nobody changes data; the tables share its memory
	clustersEnd := strings.LastIndex(text[:between], afterClusters)
	scopesStart := indexFrom(text, between, beforeScopes)
	scopesEnd := indexFrom(text, scopesStart, afterScopes) // the bracket
	upstreamStart := indexFrom(text, scopesEnd, upstream)
	if clustersEnd < 0 || upstreamStart < 0 {
		return storedHead{}, nil, false
	}
	// Only aliases come before the clusters. No text in them has unescaped quotes.
	clustersStart := strings.Index(text[:clustersEnd], `"Clusters":`)
	if clustersStart < 1 {
		return storedHead{}, nil, false
	}
	// What is left without the two tables is small.
	small := "{" + text[1:clustersStart] + text[clustersEnd+1:scopesStart] + text[scopesEnd+1:upstreamStart] + "}"
	if json.Unmarshal([]byte(small), &h) != nil {
		return storedHead{}, nil, false
	}
	if h.Log.isPlausible() {
		onPosition(h.Log.position())
	}
	h.UpstreamClusters = bytes.TrimSuffix(bytes.TrimSpace(data[upstreamStart+len(upstream):]), []byte("}"))
	clusterText := text[clustersStart+len(`"Clusters":`) : clustersEnd]
	tables, ok = newHeadTables(clusterText, text[scopesStart+len(beforeScopes):scopesEnd+1])
	return h, tables, ok
}

// indexFrom returns where sep begins in text at or after from. It returns -1 if
// that is nowhere, or if from is negative.
func indexFrom(text string, from int, sep string) int {
	if from < 0 {
		return -1
	}
	i := strings.Index(text[from:], sep)
	if i < 0 {
		return -1
	}
	return from + i
}
