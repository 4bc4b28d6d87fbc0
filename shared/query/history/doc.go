// Package history says what happened to images: pages of events, the first and last time
// that an image was offered, and where a feed begins and goes on.
//
// It keeps nothing in memory. Each answer reads the commits that it needs, as far as the
// caller may see them.
package history
