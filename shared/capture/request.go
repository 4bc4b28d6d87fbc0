package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"community-images/shared/catalog"
)

// Request is what one invocation asks for. Empty lists mean what the settings say. A
// restricted request never ends a scope.
type Request struct {
	RunID         string   // the request id of the invocation; stored with the commit
	Trigger       string   // timer, event or direct
	Regions       []string // some of the settings' regions
	Clusters      []string // ClusterIds
	InstanceTypes []string // asked instead of the clusters' own types
	Shard         Shard    // the part of the clusters; restricts nothing by itself
	// Accept names scopes whose held answers are published as they are stored. Nothing
	// is asked then. An element has the form of Scope.String. "@" and a digest may follow:
	// then no other answer is published.
	Accept []string
	// Due is when the timer of the request was due; zero if it has none. Scopes that
	// were asked since are not asked again, because FC may deliver an event more than
	// once, and late.
	Due time.Time
	// Events are all that the request is about, if there are any. The lists above are
	// empty then.
	Events []Event
}

// isRestricted reports whether the request leaves out scopes of its regions.
func (r Request) isRestricted() bool {
	return len(r.Clusters) > 0 || len(r.InstanceTypes) > 0
}

// Validate returns an error that names the first part of the request that the settings
// do not allow.
func (r Request) Validate(s Settings) error {
	for _, region := range r.Regions {
		if !slices.Contains(s.Regions, region) {
			return fmt.Errorf("regions: %q is not captured here; allowed are %s (setting EHPC_REGIONS)",
				region, strings.Join(s.Regions, ", "))
		}
	}
	// The ids become parts of object keys, so their form is checked as well.
	for _, id := range r.Clusters {
		if err := catalog.ValidateName("clusters:", id); err != nil {
			return err
		}
		if !allows(s.Clusters, id) {
			return fmt.Errorf("clusters: %q is not captured here; allowed are %s (setting SNAPSHOT_CLUSTERS)",
				id, strings.Join(s.Clusters, ", "))
		}
	}
	for _, t := range r.InstanceTypes {
		if err := catalog.ValidateName("instanceTypes:", t); err != nil {
			return err
		}
	}
	return r.validateAccept(s)
}

// payload is the JSON of a direct invocation, or of the payload of a timer trigger.
// Every member is optional.
type payload struct {
	Regions       []string `json:"regions"`       // see Request.Regions
	Clusters      []string `json:"clusters"`      // see Request.Clusters
	InstanceTypes []string `json:"instanceTypes"` // see Request.InstanceTypes
	Shard         string   `json:"shard"`         // "i/n", as ParseShard reads it
	Accept        []string `json:"accept"`        // see Request.Accept
}

// payloadAllowed is the part of an error that says what a payload may hold.
const payloadAllowed = `allowed are "regions", "clusters", "instanceTypes", "accept" (lists of strings)` +
	` and "shard" ("i/n")`

// ParseRequest reads the JSON of a direct invocation or of a timer's payload. Empty
// data or null asks for everything. It returns an error for a member that is unknown or
// there twice.
func ParseRequest(data []byte) (Request, error) {
	var p payload
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "null" {
		return Request{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Request{}, fmt.Errorf("%w; %s", err, payloadAllowed)
	}
	// The decoder stops after the first value. More than one is an error.
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Request{}, fmt.Errorf("there is more after the JSON object; %s", payloadAllowed)
	}
	// The decoder takes the last of two members: half of an operator's list would be lost.
	if _, err := catalog.Canonical(data); err != nil {
		return Request{}, err
	}
	req := Request{Regions: p.Regions, Clusters: p.Clusters, InstanceTypes: p.InstanceTypes, Accept: p.Accept}
	if p.Shard != "" {
		var err error
		if req.Shard, err = ParseShard(p.Shard); err != nil {
			return req, err
		}
	}
	return req, nil
}
