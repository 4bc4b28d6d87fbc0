package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
)

// fleet is what the functions were measured to do for a number of clusters,
// each with one instance type, and lists of 100 images.
type fleet struct {
	// Clusters is the number of clusters that E-HPC lists.
	Clusters int
	// Scopes is the number of questions of a run: one for the region, one for each
	// cluster, and one for each instance type of a cluster.
	Scopes int
	// Steps are the kinds of invocations that were measured with this fleet.
	Steps steps
}

// steps are what was measured, each on its own.
type steps struct {
	// FirstRun is a run in which everything is new.
	FirstRun use
	// UnchangedRun is a run that finds nothing changed, as most do.
	UnchangedRun use
	// OneChanged and TenChanged are runs that find so many scopes changed.
	OneChanged, TenChanged use
	// Event is a run that an event of one cluster starts, which has not changed.
	Event use
	// ColdLookup is the first lookup of an instance.
	ColdLookup use
	// WarmLookup is a lookup within QUERY_HEAD_TTL of another.
	WarmLookup use
	// LaterLookup is the first lookup after QUERY_HEAD_TTL.
	LaterLookup use
}

// use is what one invocation used.
type use struct {
	Calls       int // of E-HPC
	OSSWrites   int // PUT, POST, DELETE and lists, which OSS bills alike
	OSSReads    int // GET and HEAD
	LogBytes    int // that the function printed, with the two lines of FC's runtime
	AnswerBytes int // body of a lookup's answer
	StoredBytes int // by how much the bucket grew
}

//go:embed counts.json
var countsFile []byte

// readCounts returns the measured fleets, the smallest first.
func readCounts() ([]fleet, error) {
	var fleets []fleet
	if err := json.Unmarshal(countsFile, &fleets); err != nil {
		return nil, fmt.Errorf("reading counts.json: %w", err)
	}
	return fleets, nil
}

// prices are per unit, in one currency.
type prices struct {
	// Note is shown with the example only.
	Note string `json:"note"`
	// Currency is a label. Nothing is converted.
	Currency string `json:"currency"`
	// VCPUSecond and GBSecond are for the time in which an instance works.
	VCPUSecond float64 `json:"functionComputePerVCPUSecond"`
	GBSecond   float64 `json:"functionComputePerGBSecond"`
	// Invocations is for 10,000 of them.
	Invocations float64 `json:"functionComputePer10000Invocations"`
	// OSSWrites and OSSReads are for 10,000 requests. Lists count as writes.
	OSSWrites float64 `json:"ossPer10000Writes"`
	OSSReads  float64 `json:"ossPer10000Reads"`
	// OSSStorage is for a gigabyte during a month.
	OSSStorage float64 `json:"ossPerGBMonth"`
	// Logs is for a gigabyte that is written, indexed and kept.
	Logs float64 `json:"logServicePerGBWritten"`
	// InternetTraffic is for a gigabyte of answers to the internet.
	InternetTraffic float64 `json:"internetTrafficPerGB"`
}

//go:embed prices.example.json
var examplePrices []byte

// readPrices reads a file of prices; every one must be there.
func readPrices(path string) (prices, error) {
	data, err := examplePrices, error(nil)
	if path != "" {
		if data, err = os.ReadFile(path); err != nil {
			return prices{}, fmt.Errorf("reading prices: %w", err)
		}
	}
	var p prices
	given := map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err = dec.Decode(&p)
	if err == nil { // and nothing after it
		err = json.Unmarshal(data, &given)
	}
	if err != nil {
		return p, fmt.Errorf("reading prices %q: %w", path, err)
	}
	// A missing price would count as nothing and make the estimate too low.
	all, _ := json.Marshal(p) // of numbers and texts
	names := map[string]json.RawMessage{}
	_ = json.Unmarshal(all, &names)
	for name := range names {
		if _, ok := given[name]; !ok && name != "note" {
			return p, fmt.Errorf("reading prices %q: %q is missing; prices.example.json has them all", path, name)
		}
	}
	return p, nil
}
