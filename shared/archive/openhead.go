package archive

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"unsafe"

	"community-images/shared/catalog"
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

// scanHead reads a head in the form that encodeHead gives it. The tables are
// cut out and read side by side, the rest goes to encoding/json. between is a
// place between the two tables. false: the head has another form.
func scanHead(data []byte, between int) (h head, ok bool) {
	const committed, scopes, sequence, upstream = `,"CommittedAt":`, `,"Scopes":[`, `],"Sequence":`, `,"UpstreamClusters":`
	text := unsafe.String(unsafe.SliceData(data), len(data)) // nobody changes it; the tables stay in it
	at := strings.Index(text[between:], scopes)
	if at < 0 {
		return head{}, false
	}
	at += between
	first, second := form{rest: text}, form{rest: text[at+len(scopes)-1:]}
	first.expect(`{"Catalogue":`)
	catalogue := first.number()
	first.expect(`,"Clusters":`)
	var group sync.WaitGroup
	var clusters []catalog.Cluster
	group.Go(func() {
		clusters = first.clusters(min(between, len(first.rest)) / leastCluster)
	})
	table := second.scopes(strings.Index(second.rest, sequence) / leastScope)
	group.Wait()
	end := strings.Index(second.rest, upstream)
	if first.failed || second.failed || end < 0 || !first.has(committed) || !strings.HasPrefix(second.rest, sequence[1:]) {
		return head{}, false
	}
	envelope := `{"CommittedAt":` + first.rest[:at-(len(text)-len(first.rest))] + second.rest[:end] + "}"
	if json.Unmarshal([]byte(envelope), &h) != nil {
		return head{}, false
	}
	h.Catalogue, h.Clusters, h.Scopes = int64(catalogue), clusters, table
	h.UpstreamClusters = bytes.TrimSuffix(bytes.TrimSpace(data[len(data)-len(second.rest)+end+len(upstream):]), []byte("}"))
	return h, true
}
