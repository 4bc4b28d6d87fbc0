package notify

import (
	"maps"
	"slices"
	"strings"
	"time"

	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/message"
)

const (
	// flapLimit is how often an image may come or go within flapWindow before it flaps.
	flapLimit  = 4
	flapWindow = 24 * time.Hour
	// calmAfter is how long a flapping image must stay as it is to be calm again.
	calmAfter = 6 * time.Hour
	// maxFlaps bounds the images of a region that a cursor remembers.
	maxFlaps = 500
)

// noteFlaps counts how often the images that some changes add or remove came and went. It takes
// images that flap out of the changes. It returns those that begin to flap, and the counts after
// the changes; known has those before and stays as it is.
func noteFlaps(c *changes.Changes, known map[string]flap) (begin []message.Flapping, after map[string]flap) {
	after = maps.Clone(known)
	if after == nil {
		after = map[string]flap{}
	}
	note := func(im changes.Image, isOffered bool) (isFlapping bool) {
		f := after[im.ImageID]
		if f.Times < flapLimit && c.At.Sub(f.First.Time) > flapWindow {
			f = flap{First: c.At}
		}
		f.Times++
		f.Image, f.IsOffered, f.Last = im, isOffered, c.At
		after[im.ImageID] = f
		if f.Times == flapLimit {
			begin = append(begin, newFlapping(f))
		}
		return f.Times >= flapLimit
	}
	c.Added = slices.DeleteFunc(c.Added, func(im changes.Image) bool { return note(im, true) })
	c.Removed = slices.DeleteFunc(c.Removed, func(im changes.Image) bool { return note(im, false) })
	forgetFlaps(after, c.At)
	return begin, after
}

// newFlapping returns what a message says of a flapping image.
func newFlapping(f flap) message.Flapping {
	return message.Flapping{Image: f.Image, Times: f.Times, Since: f.First, IsOffered: f.IsOffered}
}

// forgetFlaps removes images that came or went long ago, and the oldest of too many.
func forgetFlaps(flaps map[string]flap, now catalog.Time) {
	maps.DeleteFunc(flaps, func(_ string, f flap) bool {
		return f.Times < flapLimit && now.Sub(f.Last.Time) > flapWindow
	})
	if len(flaps) <= maxFlaps {
		return
	}
	ids := slices.SortedFunc(maps.Keys(flaps), func(a, b string) int {
		if c := flaps[a].Last.Compare(flaps[b].Last.Time); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, id := range ids[:len(ids)-maxFlaps] {
		delete(flaps, id)
	}
}

// findCalm returns the flapping images that have been calm for long enough, by id.
func findCalm(flaps map[string]flap, now time.Time) (calm []message.Flapping, last time.Time) {
	for _, id := range slices.Sorted(maps.Keys(flaps)) {
		if f := flaps[id]; f.Times >= flapLimit && now.Sub(f.Last.Time) >= calmAfter {
			calm = append(calm, newFlapping(f))
			if f.Last.After(last) {
				last = f.Last.Time
			}
		}
	}
	return calm, last
}
