// Package changes says what some commits of a region did, as far as a filter wants to know:
// which images are new, gone or changed, which clusters ended, which lost the image that they
// boot from, and which aliases stand for another image.
//
// An image is new if the selected scopes offer it after the commits and did not before, and
// gone the other way round. So an image that moves from one list to another is neither. A
// scope without content before announces only images that were never in the region.
//
// Load reads the commits and the index, which says what lists have an image, once for all
// subscriptions. Log.Span takes some of the commits, and Span.Compare applies a filter.
package changes
