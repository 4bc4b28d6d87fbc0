// Package changes says what some commits of a region did, as far as a filter wants to know:
// which images are new, gone or changed, which clusters ended, and which lost the image that
// they boot from.
//
// An image is new if the selected scopes offer it after the commits and did not before, and
// gone the other way round. So an image that moves from one list to another is neither. A
// scope without content before announces only images that were never in the region.
//
// The log says what changed, the index which lists have an image. Load reads both once for
// all subscriptions.
package changes
