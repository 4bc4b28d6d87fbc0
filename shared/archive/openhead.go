package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"unsafe"
)

// openHead decodes a head that proves itself by the digest which it states. It
// is then as encodeHead wrote it: its two large tables are read in that very
// form, for a cold reader waits for this, and encoding/json takes ten times as
// long. The digest is worked out meanwhile; what comes of altered bytes is
// thrown away. What has another form goes to encoding/json.
func openHead(data []byte) (h head, err error) {
	at := headDigest.at(data)
	if at < 0 {
		return h, errUnproved
	}
	var group sync.WaitGroup
	var proved bool
	group.Go(func() { proved = checkDigest(data, at) })
	h, ok := scanHead(data, at)
	group.Wait()
	switch {
	case !proved:
		err = errUnproved
	case !ok:
		err = json.Unmarshal(data, &h)
	}
	return h, err
}

var errUnproved = errors.New("head is not what was written")

// checkDigest proves a head that states its digest at the given place.
func checkDigest(data []byte, at int) bool {
	const length = 64
	return len(data) >= at+length && signed(data, headDigest, string(data[at:at+length]))
}

// scanHead reads a head in the form that encodeHead gives it: the table of the
// scopes beside that of the clusters, the rest by encoding/json. between is a
// place between the two tables. false: the head has another form.
func scanHead(data []byte, between int) (h head, ok bool) {
	const committed, scopes, sequence, upstream = `,"CommittedAt":`, `,"Scopes":[`, `],"Sequence":`, `,"UpstreamClusters":`
	text := unsafe.String(unsafe.SliceData(data), len(data)) // nobody changes it; the tables stay in it
	open := indexFrom(text, between, scopes)
	closed := indexFrom(text, open, sequence)
	end := indexFrom(text, closed, upstream)
	if end < 0 {
		return head{}, false
	}
	var group sync.WaitGroup
	var list []ScopeState
	second := form{rest: text[open+len(scopes)-1 : closed+1]}
	group.Go(func() { list = second.scopes(len(second.rest) / leastScope) })
	first := form{rest: text[:open]}
	first.expect(`{"Catalogue":`)
	catalogue := first.number()
	first.expect(`,"Clusters":`)
	clusters := first.clusters(len(first.rest) / leastCluster)
	ok = first.has(committed) && json.Unmarshal([]byte(`{"CommittedAt":`+first.rest+text[closed+1:end]+"}"), &h) == nil
	group.Wait()
	if !ok || second.failed || second.rest != "" {
		return head{}, false
	}
	h.Catalogue, h.Clusters, h.Scopes = int64(catalogue), clusters, list
	h.UpstreamClusters = bytes.TrimSuffix(bytes.TrimSpace(data[end+len(upstream):]), []byte("}"))
	return h, true
}

// indexFrom is where sep begins in text at or after from; -1: nowhere, or from
// is itself.
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
