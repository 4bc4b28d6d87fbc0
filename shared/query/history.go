package query

// history answers what happened to the images of a region, as far as the caller may
// see it. It keeps nothing: each answer reads the commits that it needs.
type history struct {
	states
	sets   *imageSets
	schema *schema // without the redacted fields
}

// scopedImage is an image in the scopes of a selection.
type scopedImage struct {
	id        string
	selection selection
}
