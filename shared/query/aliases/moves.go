package aliases

import (
	"context"

	"community-images/shared/archive"
	"community-images/shared/query/state"
)

// Image is what an alias stands for in a state.
type Image struct {
	Name      string // of the alias
	ImageID   string // empty: the alias has no image
	ImageName string // empty if the image has none
	Rule      Rule   // empty without an image
	Problem   string // why there is no image, for people
}

// ImagesOf returns the image of each alias of a region in the state after a commit, sorted by
// the names of the aliases. Pins are judged at the time of the commit. r is any state:
// a run has those before and after its commit, and archive.AtSequence returns older ones.
// Moves(before, after) then says which aliases moved. A region without aliases costs nothing.
//
// An error means that the store did not give what was needed. An alias without an image is no
// error.
func (f *Finder) ImagesOf(ctx context.Context, r *archive.Region) ([]Image, error) {
	current := state.NewCurrent(r)
	var images []Image
	for _, a := range r.Aliases {
		t, err := f.Resolve(ctx, a, Moment{Current: current, State: current.RegionState, At: r.CommittedAt})
		image := Image{Name: a.Name}
		var found Found
		if err == nil {
			found, err = f.Find(ctx, t)
		}
		switch {
		case err != nil:
			e := state.ToAPIError(err)
			if e.Cause != nil { // of the storage, and not of the definition
				return nil, err
			}
			image.Problem = e.Message.String()
		case found.IsPinGone:
			image.Problem = "The pinned image " + a.Pin.ImageID + " is not offered."
		case found.Image == nil:
			image.Problem = "No image matches the lookup."
		default:
			image.ImageID, image.ImageName, image.Rule = found.Image.ImageID, found.Image.Text("ImageName"), t.Rule
		}
		images = append(images, image)
	}
	return images, nil
}

// Move is an alias that stands for another image than before, or for none.
type Move struct{ Before, After Image }

// Moves returns the aliases whose image differs between two results of ImagesOf, in their
// order. An alias that is only in one of them has not moved.
func Moves(before, after []Image) []Move {
	was := map[string]Image{}
	for _, image := range before {
		was[image.Name] = image
	}
	var moves []Move
	for _, image := range after {
		if b, known := was[image.Name]; known && b.ImageID != image.ImageID {
			moves = append(moves, Move{b, image})
		}
	}
	return moves
}
