package history

import (
	"context"
	"slices"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// BootImage is the image that a cluster boots from.
type BootImage struct {
	Cluster catalog.Cluster
	State   request.ImageState
	// lost is set if State is request.ImageGone.
	lost loss
	// HistorySince is the time of the first kept commit, if older commits could contradict
	// the state. It is zero if the state is certain.
	HistorySince catalog.Time
	// Name is that of the content, or the last one that the log has.
	Name string
	// Content is the present one, or the last one of an image that is gone; nil: not
	// known.
	Content *catalog.Image
	// Newest is what the cluster is offered as the newest of the same platform and
	// architecture; nil: not known, or there is none.
	Newest *catalog.Image
	// Problem is what could not be read, so that the state is unknown; nil: nothing.
	Problem error
}

// loss is when a cluster lost its boot image.
type loss struct {
	// sequence is the number of the commit that took the image out of the last list of
	// the cluster. 0: that is not known.
	sequence int64
	at       catalog.Time    // of that commit
	scope    format.ScopeRef // from which it disappeared last
}

// Fleet is the boot images of clusters in a state of a region.
type Fleet struct {
	// Images are sorted by ClusterId.
	Images []BootImage
	// Problems are the errors that kept a part of the fleet from being known; nil: all is
	// known that is kept.
	Problems []error
}

// CountStates counts the clusters by the state of their boot image. Every state has an
// entry.
func (f *Fleet) CountStates() map[request.ImageState]int {
	counts := map[request.ImageState]int{}
	for _, state := range request.ImageStates {
		counts[state] = 0
	}
	for i := range f.Images {
		counts[f.Images[i].State]++
	}
	return counts
}

// Find returns the boot image of a cluster, or nil.
func (f *Fleet) Find(clusterID string) *BootImage {
	i, found := slices.BinarySearchFunc(f.Images, clusterID, func(b BootImage, id string) int {
		return strings.Compare(b.Cluster.ClusterID, id)
	})
	if !found {
		return nil
	}
	return &f.Images[i]
}

// LoadFleet returns the boot images of the clusters that have a scope in the subject. It
// reads their lists, and the log for images that no list has. If some of that cannot be
// read, the states that depend on it are unknown, and the fleet has the problem.
func (h *Reader) LoadFleet(ctx context.Context, sub *state.Subject) *Fleet {
	ids := sub.Scopes.ClusterIDs()
	if f := h.fleets.find(sub.State, ids); f != nil {
		return f
	}
	r := &fleetReader{history: h, current: sub.Current, state: sub.State, positions: map[string]int{}}
	if sub.State.Live {
		r.earlier = h.fleets.last(sub.State)
	}
	for _, id := range ids {
		c, ok := sub.State.Cluster(id)
		if !ok {
			// No listing has described the cluster.
			c = catalog.Cluster{ClusterID: id, InstanceTypes: []string{}, RegionID: sub.State.RegionID}
		}
		r.positions[id] = len(r.fleet.Images)
		r.fleet.Images = append(r.fleet.Images, BootImage{Cluster: c, State: request.ImageUnknown})
	}
	r.readLists(ctx)
	r.readHistory(ctx)
	r.readLastContents(ctx)
	r.findNewest()
	h.fleets.put(sub.State, &r.fleet)
	return &r.fleet
}

// KeptFleet returns what LoadFleet does if that is in memory, else nil.
func (h *Reader) KeptFleet(sub *state.Subject) *Fleet {
	return h.fleets.find(sub.State, sub.Scopes.ClusterIDs())
}

// GoneSince returns the time of the commit that took the image out of the last list of the
// cluster; zero: it is not gone, or that is not known.
func (b *BootImage) GoneSince() catalog.Time { return b.lost.at }

// fleetReader makes a fleet, step by step.
type fleetReader struct {
	history *Reader
	current state.Current
	state   *state.RegionState
	// earlier is the fleet after an earlier commit, as far as it is known; nil: none is.
	earlier *keptFleet
	fleet   Fleet
	// positions finds the cluster of a boot image in fleet.Images.
	positions map[string]int
	// sets are the image sets that together have the lists of all clusters that could
	// be read.
	sets []*imageset.Set
	// pending are the positions of the images that no list has, by ImageId.
	pending map[string][]int
}

// noteProblem notes that something could not be read.
func (r *fleetReader) noteProblem(err error) { r.fleet.Problems = append(r.fleet.Problems, err) }

// image returns the boot image at a position.
func (r *fleetReader) image(position int) *BootImage { return &r.fleet.Images[position] }
