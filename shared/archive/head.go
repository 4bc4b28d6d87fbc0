package archive

import (
	"bytes"
	"encoding/json"
	"fmt"

	"community-images/shared/catalog"
)

// head is the stored form of a Region.
type head struct {
	IndexSequence    int64             `json:"Catalogue"` // the commit up to which the index goes
	Clusters         []catalog.Cluster `json:"Clusters"`
	CommittedAt      catalog.Time      `json:"CommittedAt"`
	Digest           string            `json:"Digest"` // SHA-256 of the head with an empty Digest
	Discovery        Discovery         `json:"Discovery"`
	Format           int               `json:"Format"`
	Log              headLog           `json:"Log"`
	RegionID         string            `json:"RegionId"`
	Run              RunInfo           `json:"Run"`
	Scopes           []ScopeState      `json:"Scopes"`
	Sequence         int64             `json:"Sequence"`
	Swept            Swept             `json:"Swept"`
	UpstreamClusters json.RawMessage   `json:"UpstreamClusters"`
}

// headLog is the place in the log up to which the head has been derived.
type headLog struct {
	Files    []File `json:"Files"`
	Hash     string `json:"Hash"`
	Month    string `json:"Month"`
	Position int64  `json:"Position"`
	Sealed   string `json:"Sealed,omitempty"`
	Torn     bool   `json:"Torn,omitempty"`
}

// sensible says whether there can be such a place.
func (l headLog) sensible() bool {
	return validMonth(l.Month) && l.Position > 0 && validDigest(l.Hash)
}

func encodeHead(r *Region) ([]byte, error) {
	upstream := r.Upstream
	if len(upstream) == 0 {
		upstream = json.RawMessage("[]")
	}
	data, err := catalog.MarshalLine(head{
		IndexSequence: r.IndexSequence, Clusters: some(r.Clusters), CommittedAt: r.CommittedAt, Discovery: r.Discovery, Format: catalog.Format,
		Log:      headLog{Files: some(r.Files), Hash: r.log.hash, Month: r.log.month, Position: r.log.length, Sealed: r.log.sealed, Torn: r.log.torn},
		RegionID: r.RegionID, Run: r.Run, Scopes: some(r.Scopes), Sequence: r.Sequence, Swept: r.Swept, UpstreamClusters: upstream,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding head of %q: %w", r.RegionID, err)
	}
	data, _ = sign(data, headDigest)
	return data, nil
}

// decodeHead reads a head. An error means that the head has to be rebuilt.
func decodeHead(region string, data []byte) (*Region, error) {
	return decodeHeadWhile(region, data, func(headLog) {})
}

// decodeHeadWhile is decodeHead that tells at once where in the log the head
// seems to stand, if there can be such a place.
func decodeHeadWhile(region string, data []byte, placed func(headLog)) (*Region, error) {
	h, err := openHead(data, placed)
	if err != nil {
		return nil, err
	}
	switch {
	case h.Format != catalog.Format:
		return nil, fmt.Errorf("head has format %d, this program reads %d", h.Format, catalog.Format)
	case h.RegionID != region:
		return nil, fmt.Errorf("head is of region %q", h.RegionID)
	case h.Sequence > 0 && !h.Log.sensible():
		return nil, fmt.Errorf("head does not name a place in the log")
	case h.Sequence > 0 && h.CommittedAt.IsZero():
		return nil, fmt.Errorf("head does not say when commit %d was made", h.Sequence)
	}
	r := &Region{RegionID: region}
	r.Clusters, r.Files, r.Scopes = h.Clusters, h.Log.Files, h.Scopes
	r.Sequence, r.CommittedAt, r.Discovery, r.Run, r.Swept = h.Sequence, h.CommittedAt, h.Discovery, h.Run, h.Swept
	r.IndexSequence = h.IndexSequence
	r.log = position{month: h.Log.Month, length: h.Log.Position, hash: h.Log.Hash, torn: h.Log.Torn, sealed: h.Log.Sealed}
	if !bytes.Equal(h.UpstreamClusters, []byte("[]")) {
		r.Upstream = h.UpstreamClusters
	}
	return r, nil
}

// some is list, an empty one if there is none: JSON has [] for it then.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
