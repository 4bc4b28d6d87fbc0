package capture

import (
	"hash/fnv"
	"strconv"

	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"community-images/shared/catalog"
)

// Request is what one invocation asks for. Empty lists mean what the settings say. The
// members with a name in JSON are those of a direct invocation, or of the payload of a
// timer trigger.
type Request struct {
	RunID         string   `json:"-"`             // the request id of the invocation; stored with the commit
	Trigger       string   `json:"-"`             // timer, event, direct, or format.SimulatedTrigger
	Regions       []string `json:"regions"`       // some of the settings' regions
	Clusters      []string `json:"clusters"`      // ClusterIds; the run ends no scope
	InstanceTypes []string `json:"instanceTypes"` // asked instead of the clusters' own types; the run ends no scope
	Shard         Shard    `json:"shard"`         // the part of the clusters; restricts nothing by itself
	// Accept names scopes whose held answers are published as they are stored. Nothing
	// is asked then. An element has the form of Scope.String. "@" and a digest may follow:
	// then no other answer is published.
	Accept []string `json:"accept"`
	// Due is when the timer of the request was due; zero if it has none. Scopes that
	// were asked since are not asked again, because FC may deliver an event more than
	// once, and late.
	Due time.Time `json:"-"`
	// Events are all that the request is about, if there are any. The lists above are
	// empty then.
	Events []Event `json:"-"`
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

// acceptance is one element of Request.Accept.
type acceptance struct {
	// scope is the scope whose candidate is to be published.
	scope catalog.Scope
	// digest is that of the candidate that the operator has seen. It is empty if any
	// candidate will do.
	digest string
}

// digestPattern matches the digest of a snapshot: SHA-256 in lower-case hex.
var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// acceptForm describes an element of Request.Accept, for errors.
const acceptForm = "<RegionId>/<ClusterId or " + catalog.Any + ">/<InstanceType or " + catalog.Any + ">[@<Digest>]"

// parseAcceptance reads an element of Request.Accept.
func parseAcceptance(text string) (acceptance, error) {
	// No part of a scope may contain "@", so the first one begins the digest.
	name, digest, pinned := strings.Cut(text, "@")
	region, path, _ := strings.Cut(name, "/")
	scope, err := catalog.ParseScopePath(region, path)
	if err != nil {
		return acceptance{}, fmt.Errorf("accept: %q is not a scope of the form %s", text, acceptForm)
	}
	if pinned && !digestPattern.MatchString(digest) {
		return acceptance{}, fmt.Errorf("accept: the digest of %q must be 64 characters of 0-9 a-f", text)
	}
	return acceptance{scope: scope, digest: digest}, nil
}

// validateAccept returns an error for the first element of Accept that is not valid,
// or if other members of the request would leave out scopes.
func (r Request) validateAccept(s Settings) error {
	if len(r.Accept) > 0 && (len(r.Clusters) > 0 || len(r.InstanceTypes) > 0 || r.Shard.Count > 0) {
		return errors.New(`accept: cannot be combined with "clusters", "instanceTypes" or "shard"`)
	}
	for _, text := range r.Accept {
		a, err := parseAcceptance(text)
		if err != nil {
			return err
		}
		region := a.scope.RegionID
		if !slices.Contains(s.Regions, region) {
			return fmt.Errorf("accept: the region of %q is not captured here; allowed are %s (setting EHPC_REGIONS)",
				text, strings.Join(s.Regions, ", "))
		}
		if !allows(r.Regions, region) {
			return fmt.Errorf(`accept: the region of %q is not one of the "regions" of the event: %s`,
				text, strings.Join(r.Regions, ", "))
		}
	}
	return nil
}

// acceptances returns the parsed elements of Accept. An element that is not valid is
// left out; Validate has refused it.
func (r Request) acceptances() []acceptance {
	var list []acceptance
	for _, text := range r.Accept {
		if a, err := parseAcceptance(text); err == nil {
			list = append(list, a)
		}
	}
	return list
}

// acceptedRegions returns the regions of the scopes that the request accepts.
func (r Request) acceptedRegions() []string {
	var regions []string
	for _, a := range r.acceptances() {
		regions = append(regions, a.scope.RegionID)
	}
	return regions
}

// payloadAllowed is the part of an error that says what a payload may hold.
const payloadAllowed = `allowed are "regions", "clusters", "instanceTypes", "accept" (lists of strings)` +
	` and "shard" ("i/n")`

// ParseRequest reads the JSON of a direct invocation or of a timer's payload. Empty
// data or null asks for everything. It returns an error for a member that is unknown or
// there twice.
func ParseRequest(data []byte) (Request, error) {
	var req Request
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "null" {
		return Request{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
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
	return req, nil
}

// Shard is one of Count equal parts of a fleet. The zero Shard is the whole fleet.
type Shard struct {
	Index int // from 1
	Count int // 0 and 1 mean the whole fleet
}

// maxShards is the largest Count.
const maxShards = 1000

// ParseShard reads "i/n".
func ParseShard(s string) (Shard, error) {
	i, n, ok := strings.Cut(s, "/")
	index, err1 := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || index < 1 || count < index || count > maxShards {
		return Shard{}, fmt.Errorf("shard: must be i/n with 1 <= i <= n <= %d, got %q", maxShards, s)
	}
	return Shard{Index: index, Count: count}, nil
}

// UnmarshalText reads "i/n"; the empty text is the whole fleet.
func (s *Shard) UnmarshalText(text []byte) (err error) {
	if len(text) > 0 {
		*s, err = ParseShard(string(text))
	}
	return err
}

// contains reports whether a cluster belongs to the shard. All scopes of a cluster are
// in one shard.
func (s Shard) contains(clusterID string) bool {
	if s.Count < 2 {
		return true
	}
	// The hash must never change: shards of different versions may run side by side.
	h := fnv.New32a()
	h.Write([]byte(clusterID))
	return int(h.Sum32()%uint32(s.Count)) == s.Index-1
}
