package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// payload is what a direct invocation sends, or a timer trigger in its
// payload. All of it is optional.
type payload struct {
	Regions       []string `json:"regions"`
	Clusters      []string `json:"clusters"`
	InstanceTypes []string `json:"instanceTypes"`
	Shard         string   `json:"shard"`
	Accept        []string `json:"accept"`
}

const payloadAllowed = `allowed are "regions", "clusters", "instanceTypes", "accept" (lists of strings) and "shard" ("i/n")`

// ParseRequest reads what a run is limited to, in JSON, as a direct invocation
// or the payload of a timer has it. Nothing, or null, asks for everything. What
// is not known is an error that says what is.
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
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Request{}, fmt.Errorf("more follows after the JSON object; %s", payloadAllowed)
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
