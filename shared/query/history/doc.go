// Package history says what happened to images: pages of events, the first and last time
// that an image was offered, and where a feed begins and goes on.
//
// Of each region it keeps only the last fleet, the boot images of all clusters. Each
// answer reads the commits that it needs, and each commit goes through eventsOf, which
// drops what the caller may not see.
package history
