package archive

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"

	"community-images/shared/catalog"
)

// openHead decodes a head. One that states its digest and has it is as
// encodeHead wrote it: its two large parts are then cut out, for a cold reader
// waits for this, and encoding/json takes three times as long. For the same
// reason the digest is worked out meanwhile; what comes of altered bytes is
// thrown away.
func openHead(data []byte) (h head, err error) {
	const scopes, sequence, upstream = `,"Scopes":[`, `],"Sequence":`, `,"UpstreamClusters":`
	at := headDigest.at(data)
	if at < 0 || bytes.HasPrefix(data[at:], []byte(headDigest.after)) { // it states none
		err = json.Unmarshal(data, &h)
		return h, err
	}
	from := bytes.Index(data, []byte(scopes))
	to := bytes.Index(data, []byte(sequence))
	end := bytes.Index(data, []byte(upstream))
	if from < 0 || to < from || end < to {
		return h, cmp.Or(checkDigest(data, at), errors.New("head is not as this program writes it"))
	}
	var group sync.WaitGroup
	var unproved, unscanned error
	var list []ScopeState
	group.Go(func() { unproved = checkDigest(data, at) })
	group.Go(func() { list, unscanned = scanScopes(string(data[from+len(scopes)-1 : to+1])) })
	envelope := slices.Concat(data[:from+len(scopes)], data[to:end], []byte("}"))
	err = json.Unmarshal(envelope, &h)
	group.Wait()
	h.UpstreamClusters = bytes.TrimSuffix(bytes.TrimSpace(data[end+len(upstream):]), []byte("}"))
	h.Scopes = list
	return h, cmp.Or(unproved, err, unscanned)
}

// checkDigest proves a head that states its digest at the given place.
func checkDigest(data []byte, at int) error {
	const length = 64
	if at < 0 || len(data) < at+length || !signed(data, headDigest, string(data[at:at+length])) {
		return errors.New("head is not what was written")
	}
	return nil
}

// scanScopes reads the scope table of a head; of one that is not as this
// program writes it, anything.
func scanScopes(array string) ([]ScopeState, error) {
	times := map[string]catalog.Time{} // most scopes share a few
	moment := func(value string) (t catalog.Time, err error) {
		t, known := times[value]
		if !known {
			err = t.UnmarshalJSON([]byte(value))
			times[value] = t
		}
		return t, err
	}
	var list []ScopeState
	for object := range catalog.Elements(array) {
		var s ScopeState
		var err error
		for name, value := range catalog.Members(object) {
			switch name {
			case "CapturedAt":
				s.CapturedAt, err = moment(value)
			case "CheckedAt":
				s.CheckedAt, err = moment(value)
			case "Since":
				s.Since, err = moment(value)
			case "TriedAt":
				s.TriedAt, err = moment(value)
			case "ClusterId":
				s.ClusterID, err = strconv.Unquote(value)
			case "InstanceType":
				s.InstanceType, err = strconv.Unquote(value)
			case "Digest":
				s.Digest, err = strconv.Unquote(value)
			case "Fingerprint":
				s.Fingerprint, err = strconv.Unquote(value)
			case "State":
				var state string
				state, err = strconv.Unquote(value)
				s.State = State(state)
			case "ImageCount":
				s.ImageCount, err = strconv.Atoi(value)
			case "Problem":
				err = json.Unmarshal([]byte(value), &s.Problem)
			case "Candidate":
				err = json.Unmarshal([]byte(value), &s.Candidate)
			}
			if err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	return list, nil
}
