package archive

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
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
	h, ok := scanHead(data)
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
// cut out, the rest goes to encoding/json. false: the head has another form.
func scanHead(data []byte) (h head, ok bool) {
	const scopes, sequence, upstream = `,"Scopes":[`, `],"Sequence":`, `,"UpstreamClusters":`
	f := form{rest: unsafe.String(unsafe.SliceData(data), len(data))} // nobody changes it; the tables stay in it
	whole := f.rest
	f.expect(`{"Catalogue":`)
	catalogue := f.number()
	f.expect(`,"Clusters":`)
	clusters := f.clusters()
	if f.failed {
		return head{}, false
	}
	from := len(whole) - len(f.rest) + 1 // beyond the comma
	at := bytes.Index(data[from:], []byte(scopes))
	if at < 0 {
		return head{}, false
	}
	f.rest = whole[from+at+len(scopes)-1:]
	table := f.scopes()
	f.expect(sequence[1:])
	tail := len(whole) - len(f.rest) - len(sequence) + 1
	if f.failed {
		return head{}, false
	}
	end := bytes.Index(data[tail:], []byte(upstream)) + tail
	if end < tail {
		return head{}, false
	}
	envelope := append([]byte{'{'}, data[from:from+at]...)
	envelope = append(append(envelope, data[tail:end]...), '}')
	if json.Unmarshal(envelope, &h) != nil {
		return head{}, false
	}
	h.Catalogue, h.Clusters, h.Scopes = int64(catalogue), clusters, table
	h.UpstreamClusters = bytes.TrimSuffix(bytes.TrimSpace(data[end+len(upstream):]), []byte("}"))
	return h, true
}
