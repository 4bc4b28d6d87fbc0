package archive

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"unsafe"
)

// openHead decodes a head. One that states its digest and has it is as
// encodeHead wrote it: its two large tables are then read in that very form,
// for a cold reader waits for this, and encoding/json takes ten times as long.
// The digest is worked out meanwhile; what comes of altered bytes is thrown
// away. What states no digest or has another form goes to encoding/json.
func openHead(data []byte) (h head, err error) {
	at := headDigest.at(data)
	if at < 0 || bytes.HasPrefix(data[at:], []byte(headDigest.after)) { // it states none
		err = json.Unmarshal(data, &h)
		return h, err
	}
	var group sync.WaitGroup
	var unproved error
	group.Go(func() { unproved = checkDigest(data, at) })
	h, ok := scanHead(data, at)
	group.Wait()
	if !ok && unproved == nil {
		err = json.Unmarshal(data, &h)
	}
	return h, cmp.Or(unproved, err)
}

// checkDigest proves a head that states its digest at the given place.
func checkDigest(data []byte, at int) error {
	const length = 64
	if len(data) < at+length || !signed(data, headDigest, string(data[at:at+length])) {
		return errors.New("head is not what was written")
	}
	return nil
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
