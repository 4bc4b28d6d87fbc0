package request

// ImageState says whether a cluster is offered the image that it boots from.
type ImageState string

const (
	// ImageOffered: an answer of the cluster lists the image.
	ImageOffered ImageState = "offered"
	// ImageGone: an answer of the cluster once listed the image, and none does now.
	ImageGone ImageState = "gone"
	// ImageNotCommunity: no kept answer of the cluster ever listed the image. System
	// images and most custom images are never listed.
	ImageNotCommunity ImageState = "not-community"
	// ImageUnknown: the cluster has no image id, or has never answered, or what would
	// tell cannot be read or is no longer kept.
	ImageUnknown ImageState = "unknown"
)

// ImageStates are all values, in the order in which errors and documents name them.
var ImageStates = []ImageState{ImageOffered, ImageGone, ImageNotCommunity, ImageUnknown}
