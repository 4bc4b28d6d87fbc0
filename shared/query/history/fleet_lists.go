package history

import (
	"context"
	"errors"
	"slices"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
)

// readLists finds the boot images that the lists of their clusters have. The others of
// clusters with a list become pending.
func (r *fleetReader) readLists(ctx context.Context) {
	readable := r.loadSets(ctx)
	wanted := map[string]bool{}
	for position, ok := range readable {
		if id := r.image(position).Cluster.ImageID; ok && id != "" {
			wanted[id] = true
		}
	}
	for _, set := range r.sets {
		positions := r.positionsOf(set)
		for id := range wanted {
			r.findOffered(set, positions, id)
		}
	}
	r.pending = map[string][]int{}
	for position, ok := range readable {
		b := r.image(position)
		if ok && b.Cluster.ImageID != "" && b.State != request.ImageOffered {
			r.pending[b.Cluster.ImageID] = append(r.pending[b.Cluster.ImageID], position)
		}
	}
}

// loadSets reads the lists of all clusters. It returns by position whether a cluster has
// a list and all its lists could be read. If a list is damaged, only its own cluster
// suffers: the clusters are then read one by one.
func (r *fleetReader) loadSets(ctx context.Context) (readable []bool) {
	readable = make([]bool, len(r.fleet.Images))
	var ids []string
	for i := range r.fleet.Images {
		id := r.image(i).Cluster.ClusterID
		ids = append(ids, id)
		readable[i] = slices.ContainsFunc(r.state.ScopesOf(id), func(sc format.ScopeState) bool { return sc.Digest != "" })
	}
	if !slices.Contains(readable, true) {
		return readable
	}
	set, err := r.history.Sets.Load(ctx, r.state.ScopesOfClusters(ids))
	if err == nil {
		r.sets = append(r.sets, set)
		return readable
	}
	var damaged *format.DamagedError
	if errors.As(err, &damaged) {
		r.loadOwnSets(ctx, readable)
		return readable
	}
	r.noteProblem(err)
	for i := range readable {
		if readable[i] {
			readable[i], r.image(i).Problem = false, err
		}
	}
	return readable
}

// loadOwnSets reads the lists of each readable cluster on their own.
func (r *fleetReader) loadOwnSets(ctx context.Context, readable []bool) {
	for i := range readable {
		if !readable[i] {
			continue
		}
		set, err := r.history.Sets.Load(ctx, r.state.ScopesOfClusters([]string{r.image(i).Cluster.ClusterID}))
		if err != nil {
			readable[i], r.image(i).Problem = false, err
			r.noteProblem(err)
			continue
		}
		r.sets = append(r.sets, set)
	}
}

// positionsOf returns for each scope of a set the position of its cluster; -1: it has
// none in the fleet.
func (r *fleetReader) positionsOf(set *imageset.Set) []int {
	positions := make([]int, len(set.Scopes))
	for i := range set.Scopes {
		position, ok := r.positions[set.Scopes[i].ClusterID]
		if !ok {
			position = -1
		}
		positions[i] = position
	}
	return positions
}

// findOffered notes the clusters of a set that boot from an image and are offered it.
// The first content in canonical order stands for the image.
func (r *fleetReader) findOffered(set *imageset.Set, positions []int, imageID string) {
	for row, to := set.FindImage(imageID); row < to; row++ {
		for _, scope := range set.ScopesOf[row] {
			if positions[scope] < 0 {
				continue
			}
			if b := r.image(positions[scope]); b.Cluster.ImageID == imageID && b.State != request.ImageOffered {
				b.State, b.Content = request.ImageOffered, set.Image(int32(row))
				b.Name = b.Content.Text("ImageName")
			}
		}
	}
}

// System is a platform and an architecture.
type System struct{ Platform, Architecture string }

// SystemOf returns the system of an image. Its platform is empty if the image has none,
// or if it is redacted.
func SystemOf(im *catalog.Image) System {
	return System{im.Text("OsTag.Platform"), im.Text("OsTag.Architecture")}
}

// findNewest notes for each boot image with a known system the newest image of that
// system that its cluster is offered. If several are equally new, that is the boot image
// itself, else the first in the order of ImageId.
func (r *fleetReader) findNewest() {
	wanted := map[System]bool{}
	systems := make([]System, len(r.fleet.Images))
	for i := range r.fleet.Images {
		if content := r.image(i).Content; content != nil && SystemOf(content).Platform != "" {
			systems[i] = SystemOf(content)
			wanted[systems[i]] = true
		}
	}
	if len(wanted) == 0 {
		return
	}
	for _, set := range r.sets {
		positions := r.positionsOf(set)
		for row := range set.Len() {
			im := set.Image(int32(row))
			system := SystemOf(im)
			if !wanted[system] || !canBoot(im) {
				continue
			}
			for _, scope := range set.ScopesOf[row] {
				if i := positions[scope]; i >= 0 && systems[i] == system && r.image(i).isNewer(im) {
					r.image(i).Newest = im
				}
			}
		}
	}
}

// canBoot reports whether an image is available, as far as its status says.
func canBoot(im *catalog.Image) bool {
	status := im.Text("Status")
	return status == "" || strings.EqualFold(status, "Available")
}

// isNewer reports whether an image is to take the place of newest.
func (b *BootImage) isNewer(im *catalog.Image) bool {
	if b.Newest == nil {
		return true
	}
	version, known := im.Text("OsTag.Version"), b.Newest.Text("OsTag.Version")
	c := field.CompareVersions(version, known)
	return c > 0 || c == 0 && im.ImageID == b.Cluster.ImageID && b.Newest.ImageID != im.ImageID
}
