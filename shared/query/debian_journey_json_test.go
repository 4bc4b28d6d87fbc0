//go:build debian

package query_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The checks of a journey compare a page with the JSON of the same address.

// ask reads the JSON of the address of a page, with more on its path.
func (j *journey) ask(address, more string, answer any) {
	j.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		j.t.Fatal(err)
	}
	params := u.Query()
	params.Del("lang")
	for name, values := range params {
		if values[0] == "" { // a field that was left empty
			params.Del(name)
		}
	}
	rec := get(j.handler, u.Path+more+"?"+params.Encode())
	if err := json.Unmarshal(rec.Body.Bytes(), answer); err != nil || rec.Code != http.StatusOK {
		j.t.Fatalf("%s: %s as JSON: %d %v %s", j.does, address, rec.Code, err, rec.Body)
	}
}

// checkImages checks that the rows are the images, in their order.
func (j *journey) checkImages(seen view) {
	j.t.Helper()
	var answer struct {
		Images []struct {
			ImageID string `json:"ImageId"`
			Status  string
			Size    int
		}
	}
	j.ask(seen.Address, "", &answer)
	if len(answer.Images) != 12 || len(seen.Rows) != 12 {
		j.t.Fatalf("%s: %d images, and the rows %q", j.does, len(answer.Images), seen.Rows)
	}
	for i, image := range answer.Images {
		for _, text := range []string{image.ImageID, image.Status, fmt.Sprint(image.Size, " GiB")} {
			if !strings.Contains(seen.Rows[i], text) {
				j.t.Errorf("%s: row %d is %q, want %s", j.does, i, seen.Rows[i], text)
			}
		}
	}
}

// checkImage checks that the timeline has a bar for each cluster that offered the image, a
// dot for each change, and that the list below says where and what.
func (j *journey) checkImage(seen view) {
	j.t.Helper()
	var answer struct {
		Events []struct {
			Sequence                int64
			Kind                    string
			ClusterID, InstanceType string
			Fields                  []struct{ Field string }
		}
	}
	j.ask(seen.Address, "/history", &answer)
	clusters, changes := map[string]bool{}, map[string]bool{}
	list := strings.Join(seen.Rows, "\n")
	for _, e := range answer.Events {
		clusters[e.ClusterID] = true
		if e.Kind == "changed" {
			changes[fmt.Sprint(e.Sequence, e.ClusterID)] = true
		}
		if !strings.Contains(list, e.InstanceType) {
			j.t.Errorf("%s: %s is not in %s", j.does, e.InstanceType, list)
		}
		for _, f := range e.Fields {
			if !strings.Contains(list, f.Field) {
				j.t.Errorf("%s: the change of %s is not in %s", j.does, f.Field, list)
			}
		}
	}
	if len(clusters) == 0 || len(changes) == 0 || seen.Bars < len(clusters) || seen.Dots != len(changes) {
		j.t.Errorf("%s: %d bars for %d clusters, %d dots for %d changes", j.does, seen.Bars, len(clusters),
			seen.Dots, len(changes))
	}
}

// checkDiff checks that each field that changed is marked with what it was and what it is.
func (j *journey) checkDiff(seen view) {
	j.t.Helper()
	var answer struct {
		Changes []struct {
			Kind   string
			Fields []struct{ Before, After any }
		}
	}
	j.ask(seen.Address, "", &answer)
	var want []string
	for _, c := range answer.Changes {
		for _, f := range c.Fields {
			want = append(want, j.markOf(f.Before), j.markOf(f.After))
		}
	}
	if len(want) == 0 || !slices.Equal(seen.Marked, want) {
		j.t.Errorf("%s: the marks are %q, want %q", j.does, seen.Marked, want)
	}
}

// markOf returns how a value is shown: its first line, or a word for an empty one.
func (j *journey) markOf(value any) string {
	first, _, isCut := strings.Cut(fmt.Sprint(value), "\n")
	switch {
	case isCut:
		return first + " …"
	case first == "" && j.isChinese:
		return "空"
	case first == "":
		return "empty"
	}
	return first
}
