package query_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// answeredRow is a row of a feed or a diff: an image, or a cluster that ended.
type answeredRow struct {
	Sequence              int64
	Kind, ImageId         string
	Offered               *bool
	Lost, Gained, Changed *answeredScopes
	ClusterId             *string
	InstanceTypes         []string
	ImageCount            int
}

type answeredScopes struct {
	Clusters, InstanceTypes []string
	EveryCluster            bool
}

// rowsAnswer is a page of rows.
type rowsAnswer struct {
	Changes    []answeredRow
	More       bool
	NextCursor string
}

// String writes a row as expectedRows does.
func (r answeredRow) String() string {
	if r.Kind == "ended" {
		return fmt.Sprintf("%d ended %s %v %d", r.Sequence, orAnyPath(*r.ClusterId), r.InstanceTypes, r.ImageCount)
	}
	return fmt.Sprintf("%d %s %s %v lost by %v gained by %v changed in %v", r.Sequence, r.Kind, r.ImageId, *r.Offered,
		r.Lost.words(), r.Gained.words(), r.Changed.words())
}

func (s *answeredScopes) words() []string {
	if s == nil {
		return nil
	}
	words := slices.Clone(s.Clusters)
	if s.EveryCluster {
		words = append(words, "_any")
	}
	return append(words, s.InstanceTypes...)
}

// scopeWords names the clusters and types of paths as answeredScopes.words does.
func scopeWords(paths []string) []string {
	var clusters, types []string
	every := false
	for _, path := range paths {
		cluster, instanceType, _ := strings.Cut(path, "/")
		if cluster == "_any" {
			every = true
		} else {
			clusters = append(clusters, cluster)
		}
		if instanceType != "_any" {
			types = append(types, instanceType)
		}
	}
	slices.Sort(clusters)
	slices.Sort(types)
	words := slices.Compact(clusters)
	if every {
		words = append(words, "_any")
	}
	return append(words, slices.Compact(types)...)
}

// expectedRows makes rows from events of one commit. offered has the images that are
// still there. kinds are the wanted ones; nil: all.
func expectedRows(events []expectedEvent, offered map[string]bool, kinds []string) []string {
	wants := func(kind string) bool { return kinds == nil || slices.Contains(kinds, kind) }
	endedPaths, endedImages := map[string][]string{}, map[string]map[string]bool{}
	var clusters, ids []string
	isEnded := map[string]bool{}
	byImage := map[string]map[string][]string{}
	for _, e := range events {
		cluster, _, _ := strings.Cut(e.path, "/")
		if e.kind == "ended" {
			if endedPaths[cluster] == nil {
				clusters, endedImages[cluster] = append(clusters, cluster), map[string]bool{}
			}
			endedPaths[cluster], isEnded[e.path] = append(endedPaths[cluster], e.path), true
			continue
		}
		if byImage[e.id] == nil {
			byImage[e.id] = map[string][]string{}
			ids = append(ids, e.id)
		}
		if isEnded[e.path] {
			endedImages[cluster][e.id] = true
			if offered[e.id] {
				continue // the cluster's row says enough
			}
		}
		byImage[e.id][e.kind] = append(byImage[e.id][e.kind], e.path)
	}
	var rows []string
	for _, cluster := range clusters {
		isNoType := func(word string) bool { return !strings.HasPrefix(word, "ecs.") }
		types := slices.DeleteFunc(scopeWords(endedPaths[cluster]), isNoType)
		if wants("ended") {
			rows = append(rows,
				fmt.Sprintf("%d ended %s %v %d", events[0].sequence, cluster, types, len(endedImages[cluster])))
		}
	}
	for _, id := range ids {
		of := byImage[id]
		for _, kind := range []string{"removed", "added", "changed"} {
			if len(of[kind]) > 0 && wants(kind) {
				rows = append(rows, fmt.Sprintf("%d %s %s %v lost by %v gained by %v changed in %v", events[0].sequence, kind,
					id, offered[id], scopeWords(of["removed"]), scopeWords(of["added"]), scopeWords(of["changed"])))
				break
			}
		}
	}
	return rows
}

// offeredAt returns the ids of the images of all paths that match, after commit n.
func (c *simulation) offeredAt(n int, matches func(path string) bool) map[string]bool {
	offered := map[string]bool{}
	for path, scope := range c.expected[n-1].scopes {
		if !matches(path) {
			continue
		}
		for _, doc := range scope.docs {
			offered[docID(doc)] = true
		}
	}
	return offered
}

// testFeedOfImages compares the rows of images with the events of scopes, in pages of any
// size, for all clusters and for some.
func testFeedOfImages(t *testing.T, c *simulation, h http.Handler) {
	r := rand.New(rand.NewPCG(11, *simulationSeed))
	all := c.expectedEvents()
	for _, row := range []struct {
		target  string
		matches func(path string) bool
		kinds   []string
	}{
		{"/v1/changes?", func(string) bool { return true }, nil},
		{"/v1/changes?ClusterId=ehpc-1", func(path string) bool { return strings.HasPrefix(path, "ehpc-1/") }, nil},
		{"/v1/changes?kind=removed", func(string) bool { return true }, []string{"removed"}},
		{"/v1/changes?kind=ended,added", func(string) bool { return true }, []string{"ended", "added"}},
	} {
		for _, until := range []int{len(c.expected), 1 + r.IntN(len(c.expected))} {
			offered := c.offeredAt(until, row.matches)
			var want []string
			var commit []expectedEvent
			for _, e := range append(all, expectedEvent{sequence: -1}) {
				if len(commit) > 0 && commit[0].sequence != e.sequence {
					want = append(want, expectedRows(commit, offered, row.kinds)...)
					commit = nil
				}
				if row.matches(e.path) && e.sequence <= int64(until) {
					commit = append(commit, e)
				}
			}
			for _, limit := range []int{7, 1000} {
				got := readRows(t, h, fmt.Sprintf("%s&at=%d&limit=%d", row.target, until, limit))
				if diff := diffWords(want, got); diff != "" {
					t.Fatalf("%s until commit %d in pages of %d (-oracle +feed):\n%s", row.target, until, limit, diff)
				}
			}
		}
	}
}

// readRows reads a feed of rows page by page to its end.
func readRows(t *testing.T, h http.Handler, target string) (rows []string) {
	t.Helper()
	since := "0"
	for {
		page := answerOf[rowsAnswer](t, h, 200, target+"&since="+since)
		for _, r := range page.Changes {
			rows = append(rows, r.String())
		}
		if !page.More {
			return rows
		}
		since = page.NextCursor
	}
}
