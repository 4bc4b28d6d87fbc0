package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScaledToAMeasuredSizeIsWhatWasMeasured asks for each measured fleet by its
// number of clusters.
func TestScaledToAMeasuredSizeIsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	measured, err := readCounts()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range measured {
		got := scaleFleets(measured, fleetOptions{clusters: f.Clusters, types: 1, images: 100})
		if diff := cmp.Diff([]fleet{f}, got); diff != "" {
			t.Errorf("%d clusters: %s", f.Clusters, diff)
		}
	}
	got := scaleFleets(measured, fleetOptions{types: 1, images: 100})
	if diff := cmp.Diff(measured, got); diff != "" {
		t.Errorf("without a number: %s", diff)
	}
}

// TestFleetOfOnesOwnByHand scales two small fleets to numbers that were worked
// out on paper.
func TestFleetOfOnesOwnByHand(t *testing.T) {
	t.Parallel()
	measured := []fleet{
		{Clusters: 10, Scopes: 21, Steps: steps{
			FirstRun: use{Calls: 22, OSSWrites: 25, StoredBytes: 21_000}, UnchangedRun: use{Calls: 22, LogBytes: 800},
			OneChanged: use{Calls: 22, StoredBytes: 1000}, Event: use{Calls: 3}, WarmLookup: use{AnswerBytes: 900},
		}},
		{Clusters: 110, Scopes: 221, Steps: steps{
			FirstRun: use{Calls: 224, OSSWrites: 225, StoredBytes: 221_000}, UnchangedRun: use{Calls: 224, LogBytes: 900},
			OneChanged: use{Calls: 224, StoredBytes: 1000}, Event: use{Calls: 5}, WarmLookup: use{AnswerBytes: 900},
		}},
	}
	for _, row := range []struct {
		name    string
		options fleetOptions
		want    fleet
	}{
		{"half-way", fleetOptions{clusters: 60, types: 1, images: 100}, fleet{Clusters: 60, Scopes: 121, Steps: steps{
			FirstRun: use{Calls: 123, OSSWrites: 125, StoredBytes: 121_000}, UnchangedRun: use{Calls: 123, LogBytes: 850},
			OneChanged: use{Calls: 123, StoredBytes: 1000}, TenChanged: use{}, Event: use{Calls: 4},
			WarmLookup: use{AnswerBytes: 900},
		}}},
		{"beyond the last, 200 images", fleetOptions{clusters: 210, types: 1, images: 200},
			fleet{Clusters: 210, Scopes: 421, Steps: steps{
				FirstRun:     use{Calls: 426, OSSWrites: 425, StoredBytes: 842_000},
				UnchangedRun: use{Calls: 426, LogBytes: 1000}, OneChanged: use{Calls: 426, StoredBytes: 2000},
				TenChanged: use{}, Event: use{Calls: 7}, WarmLookup: use{AnswerBytes: 900},
			}}},
		{"three types", fleetOptions{clusters: 10, types: 3, images: 100}, fleet{Clusters: 10, Scopes: 41, Steps: steps{
			FirstRun: use{Calls: 42, OSSWrites: 45, StoredBytes: 41_000}, UnchangedRun: use{Calls: 42, LogBytes: 800},
			OneChanged: use{Calls: 42, StoredBytes: 1000}, TenChanged: use{Calls: 20}, Event: use{Calls: 5},
			WarmLookup: use{AnswerBytes: 900},
		}}},
	} {
		if diff := cmp.Diff(row.want, scaleFleet(measured, row.options)); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

// TestCostOfOnesOwnFleet runs the command for one fleet.
func TestCostOfOnesOwnFleet(t *testing.T) {
	t.Parallel()
	total := func(args string) (string, string) {
		t.Helper()
		var out, faults bytes.Buffer
		if code := run(strings.Fields(args), &out, &faults); code != 0 {
			t.Fatalf("%s: exit %d %s", args, code, faults.String())
		}
		found := regexp.MustCompile(`(?m)^ +a month, USD +([\d.,]+)$`).FindStringSubmatch(out.String())
		if found == nil {
			t.Fatalf("%s: not one column:\n%s", args, out.String())
		}
		return found[1], out.String()
	}
	measured, _ := total("-clusters 200")
	if measured != "3.01" {
		t.Errorf("200 clusters cost %s, in the table of the document 3.01", measured)
	}
	_, out := total("-clusters 60 -types 4 -images 250 -every 30m -lookups 5000")
	for _, says := range []string{"every 30m0s, 5,000 lookups",
		"every cluster with 4 instance types, 250 images in a list",
		"clusters       60\n", "scopes      301\n"} {
		if !strings.Contains(out, says) {
			t.Errorf("does not say %q:\n%s", says, out)
		}
	}
}
