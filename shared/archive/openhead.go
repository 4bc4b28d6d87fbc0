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
// thrown away. What has another form goes to encoding/json. placed is told the
// place in the log, if it is a sensible one, before the tables are read and
// before anything is proved.
func openHead(data []byte, placed func(headLog)) (h head, err error) {
	at := headDigest.at(data)
	if at < 0 {
		return h, errUnproved
	}
	var group sync.WaitGroup
	var proved bool
	group.Go(func() { proved = checkDigest(data, at) })
	h, ok := scanHead(data, at, placed)
	group.Wait()
	switch {
	case !proved:
		err = errUnproved
	case !ok:
		err = json.Unmarshal(data, &h)
		var r Region
		r.load(h.Clusters, nil, h.Scopes)
		h.Clusters, h.Scopes = r.Clusters, r.Scopes
	}
	return h, err
}

var errUnproved = errors.New("head is not what was written")

// checkDigest proves a head that states its digest at the given place.
func checkDigest(data []byte, at int) bool {
	const length = 64
	return len(data) >= at+length && signedAt(data, at, headDigest, string(data[at:at+length]))
}

// scanHead reads a head in the form that encodeHead gives it: the table of the
// scopes beside that of the clusters, both in order, the rest by encoding/json.
// between is where the digest is, between the two tables. false: the head has
// another form.
func scanHead(data []byte, between int, placed func(headLog)) (h head, ok bool) {
	const committed, scopes, sequence, upstream = `,"CommittedAt":`, `,"Scopes":[`, `],"Sequence":`, `,"UpstreamClusters":`
	text := unsafe.String(unsafe.SliceData(data), len(data)) // nobody changes it; the tables stay in it
	open := indexFrom(text, between, scopes)
	closed := indexFrom(text, open, sequence)
	end := indexFrom(text, closed, upstream)
	from := strings.LastIndex(text[:between], committed)
	if from < 0 || end < 0 || json.Unmarshal([]byte("{"+text[from+1:open]+text[closed+1:end]+"}"), &h) != nil {
		return head{}, false
	}
	if h.Log.sensible() { // it may be what altered bytes say
		placed(h.Log)
	}
	first := form{rest: text[:from]}
	first.expect(`{"Catalogue":`)
	h.IndexSequence = int64(first.number())
	first.expect(`,"Clusters":`)
	table := text[open+len(scopes) : closed]
	half, others := halve(table)
	second, third := form{rest: half}, form{rest: others}
	var group sync.WaitGroup
	group.Go(func() { h.Scopes = second.scopes(len(table) / leastScope) })
	h.Clusters = first.clusters(len(first.rest) / leastCluster)
	list := third.scopes(len(others) / leastScope)
	group.Wait()
	for _, f := range []form{first, second, third} {
		if f.failed || f.rest != "" {
			return head{}, false
		}
	}
	if len(list) > 0 && !list[0].follows(h.Scopes) {
		return head{}, false
	}
	h.Scopes = append(h.Scopes, list...)
	h.UpstreamClusters = bytes.TrimSuffix(bytes.TrimSpace(data[end+len(upstream):]), []byte("}"))
	return h, true
}

// halve parts the elements of the table of scopes. What parts them cannot be
// within a text: there a quote has a backslash before it.
func halve(table string) (first, rest string) {
	const part = `},{"CapturedAt":`
	at := indexFrom(table, len(table)/2, part)
	if at < 0 {
		return table, ""
	}
	return table[:at+1], table[at+2:]
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
