package format

import (
	"bytes"
	"encoding/json"
	"fmt"

	"community-images/shared/alias"
	"community-images/shared/catalog"
)

// storedHead is the stored form of a Head. It has one field for each stored member,
// in the order of their names, so that equal states have equal bytes. That is
// why it is not grouped into smaller structs.
type storedHead struct {
	// Aliases is Head.Aliases.
	Aliases alias.List `json:"Aliases,omitempty"`
	// Clusters is sorted by ClusterId.
	Clusters []catalog.Cluster `json:"Clusters"`
	// CommittedAt is the time of commit Sequence.
	CommittedAt catalog.Time `json:"CommittedAt"`
	// Digest is the SHA-256 of the head with an empty Digest.
	Digest string `json:"Digest"`
	// Discovery is HeadInfo.Discovery.
	Discovery Discovery `json:"Discovery"`
	// Format is the constant Version. A reader refuses any other.
	Format int `json:"Format"`
	// IndexSequence is the commit up to which the index goes.
	IndexSequence int64 `json:"Index"`
	// IndexImages is HeadInfo.IndexImages.
	IndexImages IndexImages `json:"IndexImages"`
	// Log is where in the log the head stands.
	Log storedPosition `json:"Log"`
	// MonthIndex is HeadInfo.MonthIndex.
	MonthIndex IndexedMonth `json:"MonthIndex"`
	// RegionID is that of the log, so that a head cannot stand in another region.
	RegionID string `json:"RegionId"`
	// Run is the last run that put the head, whether it committed or not.
	Run RunInfo `json:"Run"`
	// Scopes is in canonical order.
	Scopes []ScopeState `json:"Scopes"`
	// Sequence is the number of the commit from which the head was derived. It is 0
	// if runs have put a head and none has committed yet.
	Sequence int64 `json:"Sequence"`
	// SimulatedUntil is Head.SimulatedUntil.
	SimulatedUntil catalog.Time `json:"SimulatedUntil,omitzero"`
	// Swept is HeadInfo.Swept.
	Swept Swept `json:"Swept"`
	// UpstreamClusters is HeadInfo.Upstream.
	UpstreamClusters json.RawMessage `json:"UpstreamClusters"`
}

// storedPosition is the stored form of Head.Files and Head.Log: the position
// in the log up to which the head has been derived.
type storedPosition struct {
	// Checkpoint is the offset of the last line of the month's file with a checkpoint.
	Checkpoint int64 `json:"Checkpoint"`
	// Files has the months of the log, oldest first.
	Files []LogFile `json:"Files"`
	// Hash is the SHA-256 of the last commit's line, which the next commit names.
	Hash string `json:"Hash"`
	// Month names the file to which runs append.
	Month string `json:"Month"`
	// Position is the number of bytes of the month's file that have been read.
	Position int64 `json:"Position"`
	// Sealed is the month in which the log goes on, if Month is sealed.
	Sealed string `json:"Sealed,omitempty"`
	// Torn is true if those bytes do not end with a line end.
	Torn bool `json:"Torn,omitempty"`
}

// position returns where in the log that is.
func (p storedPosition) position() LogPosition {
	return LogPosition{
		Month: p.Month, Checkpoint: p.Checkpoint, Length: p.Position, Hash: p.Hash,
		Torn: p.Torn, Successor: p.Sealed,
	}
}

// isPlausible reports whether a log can have such a position.
func (p storedPosition) isPlausible() bool {
	return IsMonth(p.Month) && p.Position > 0 && IsDigest(p.Hash)
}

// Encode returns the bytes that are stored as the head: one line of JSON with its line end.
func (h *Head) Encode() ([]byte, error) {
	// Members are never null: a reader in another language need not tell null from [].
	upstream := h.Upstream
	if len(upstream) == 0 {
		upstream = json.RawMessage("[]")
	}
	data, err := catalog.MarshalLine(storedHead{
		Aliases:       h.Aliases,
		Clusters:      nonNil(h.Clusters()),
		CommittedAt:   h.CommittedAt,
		Discovery:     h.Discovery,
		Format:        Version,
		IndexSequence: h.IndexSequence,
		IndexImages:   h.IndexImages,
		Log: storedPosition{
			Checkpoint: h.Log.Checkpoint, Files: nonNil(h.Files), Hash: h.Log.Hash, Month: h.Log.Month, Position: h.Log.Length,
			Sealed: h.Log.Successor, Torn: h.Log.Torn,
		},
		MonthIndex:       h.MonthIndex,
		RegionID:         h.RegionID,
		Run:              h.Run,
		Scopes:           nonNil(h.Scopes()),
		Sequence:         h.Sequence,
		SimulatedUntil:   h.SimulatedUntil,
		Swept:            h.Swept,
		UpstreamClusters: upstream,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding head of %q: %w", h.RegionID, err)
	}
	data, _ = headDigest.Fill(data)
	return data, nil
}

// DecodeHead decodes and verifies the stored head of a region. The head shares the memory of
// data, which must not be changed from then on. An error means that the head has to be
// rebuilt from the log, unless CheckVersion says that it is of another format.
func DecodeHead(region string, data []byte) (*Head, error) {
	return DecodeHeadEarly(region, data, func(LogPosition) {})
}

// DecodeHeadEarly is DecodeHead that calls onPosition as soon as it knows where
// in the log the head seems to stand. That is before anything is verified, so
// altered bytes may say it. It calls onPosition only with a plausible position.
func DecodeHeadEarly(region string, data []byte, onPosition func(LogPosition)) (*Head, error) {
	h, stored, err := parseHead(data, onPosition)
	if err != nil {
		return nil, err
	}
	// The digest proves that these are the bytes that a run wrote, not that they are of
	// this region and of this format.
	switch {
	case h.Format != Version:
		return nil, otherVersion(h.Format)
	case h.RegionID != region:
		return nil, fmt.Errorf("head is of region %q", h.RegionID)
	case h.Sequence > 0 && !h.Log.isPlausible():
		return nil, fmt.Errorf("head does not name a position in the log")
	case h.Sequence > 0 && h.CommittedAt.IsZero():
		return nil, fmt.Errorf("head does not say when commit %d was made", h.Sequence)
	}
	r := &Head{
		RegionID: region, Sequence: h.Sequence, CommittedAt: h.CommittedAt,
		stored: stored, scopes: h.Scopes, clusters: h.Clusters, Aliases: h.Aliases, Files: h.Log.Files,
		SimulatedUntil: h.SimulatedUntil,
		HeadInfo: HeadInfo{Discovery: h.Discovery, Run: h.Run, Swept: h.Swept,
			IndexSequence: h.IndexSequence, IndexImages: h.IndexImages, MonthIndex: h.MonthIndex},
		Log: h.Log.position(),
	}
	if !bytes.Equal(h.UpstreamClusters, []byte("[]")) {
		r.Upstream = h.UpstreamClusters
	}
	return r, nil
}

// nonNil returns list, or an empty one for nil: JSON has [] then, not null.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
