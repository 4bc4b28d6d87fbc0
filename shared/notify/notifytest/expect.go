package notifytest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"community-images/shared/catalog"
	"community-images/shared/notify/subscription"
)

// Filter is a filter of a subscription, and what its conditions on images mean to a plain program.
type Filter struct {
	*subscription.Filter
	// Text is the filter as notify.json has it.
	Text string
	// Matches reports whether an image meets the conditions; nil: there are none.
	Matches func(id string, f Fields) bool
}

// FileWithFilter returns a notify.json with one subscription, which has a filter.
func FileWithFilter(filter string) []byte {
	return File(`{"Name":"n","Kind":"slack","Url":"https://example.com/x","Filter":` + filter + `}`)
}

// ParseFilter returns a filter without conditions on images, of an entry of notify.json.
func ParseFilter(t testing.TB, text string) Filter {
	t.Helper()
	list, err := subscription.Parse(FileWithFilter(text), subscription.Options{})
	if err != nil {
		t.Fatalf("filter %s: %v", text, err)
	}
	return Filter{Filter: &list[0].Filter, Text: text}
}

// With returns the filter with a further member. It keeps what the conditions mean.
func (f Filter) With(t testing.TB, name string, value any) Filter {
	t.Helper()
	members := map[string]any{}
	if err := json.Unmarshal([]byte(f.Text), &members); err != nil {
		t.Fatal(err)
	}
	members[name] = value
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	with := ParseFilter(t, string(text))
	with.Matches = f.Matches
	return with
}

// Selects reports whether a filter has a scope.
func (f Filter) Selects(path string) bool {
	_, instanceType, _ := strings.Cut(path, "/")
	return f.HasScope(ClusterOf(path), strings.TrimPrefix(instanceType, catalog.Any))
}

// wants reports whether an image with some content is told of.
func (f Filter) wants(id string, content Fields) bool {
	return f.HasImage(id) && (f.Matches == nil || f.Matches(id, content))
}

// Offered returns the images that the selected scopes offer, each with its content in the first of
// them.
func (w World) Offered(f Filter) map[string]Fields {
	all := map[string]Fields{}
	for _, path := range slices.Sorted(maps.Keys(w)) {
		for id, content := range w[path] {
			if _, isKnown := all[id]; !isKnown && f.Selects(path) {
				all[id] = content
			}
		}
	}
	return all
}

// has reports whether any scope offers an image.
func (w World) has(id string) bool {
	for _, list := range w {
		if _, offers := list[id]; offers {
			return true
		}
	}
	return false
}

// Expect returns what a plain program says of the commits from one to another: it has all
// states and reads no log.
func (d *Drift) Expect(f Filter, from, to int) (added, removed, ended, boot []string) {
	before, after := d.States[from-1], d.States[to]
	had, has := before.Offered(f), after.Offered(f)
	for id, content := range has {
		if _, wasThere := had[id]; wasThere || !f.wants(id, content) {
			continue
		}
		if d.isNewInRegion(id, from) || f.hasOldScope(before, after, id) {
			added = append(added, id)
		}
	}
	for id, content := range had {
		if _, isThere := has[id]; !isThere && f.wants(id, content) {
			removed = append(removed, id)
		}
	}
	for path := range before {
		if _, isThere := after[path]; !isThere && f.Selects(path) {
			ended = append(ended, path)
		}
	}
	return sorted(added), sorted(removed), sorted(ended), d.expectBootImages(f, before, to)
}

// isNewInRegion reports whether no state before a commit has an image. Everything was new in the
// first commit, and nothing of it is announced.
func (d *Drift) isNewInRegion(id string, commit int) bool {
	return commit > 1 && !slices.ContainsFunc(d.States[:commit], func(w World) bool { return w.has(id) })
}

// hasOldScope reports whether a selected scope that was there before offers an image now.
func (f Filter) hasOldScope(before, after World, id string) bool {
	for path, list := range after {
		_, offers := list[id]
		_, isOld := before[path]
		if offers && isOld && f.Selects(path) {
			return true
		}
	}
	return false
}

// expectBootImages returns the clusters whose boot image is gone after a commit, and the image.
func (d *Drift) expectBootImages(f Filter, before World, to int) (boot []string) {
	after := d.States[to]
	for cluster, id := range d.boot[to] {
		own := Filter{Filter: &subscription.Filter{}}
		own.Filter.Selection.Clusters = []string{cluster}
		isListed := false
		for path := range after {
			isListed = isListed || ClusterOf(path) == cluster
		}
		// The fixture leaves a cluster out of the listing that ends one of its scopes.
		for path := range d.States[to-1] {
			if _, isThere := after[path]; !isThere && ClusterOf(path) == cluster {
				isListed = false
			}
		}
		content, had := before.Offered(own)[id]
		_, has := after.Offered(own)[id]
		if isListed && f.HasCluster(cluster) && had && !has && f.wants(id, content) {
			boot = append(boot, cluster+" "+id)
		}
	}
	return sorted(boot)
}

// ExpectChanged returns the images that have other fields after a commit in a selected scope. The
// content in the first of these scopes decides.
func (d *Drift) ExpectChanged(f Filter, n int) (changed []string) {
	differs := World{}
	for path, list := range d.States[n] {
		differs[path] = map[string]Fields{}
		for id, after := range list {
			if before, wasThere := d.States[n-1][path][id]; wasThere && before != after {
				differs[path][id] = after
			}
		}
	}
	for id, content := range differs.Offered(f) {
		if f.wants(id, content) {
			changed = append(changed, id)
		}
	}
	return sorted(changed)
}

func sorted(list []string) []string { slices.Sort(list); return list }
