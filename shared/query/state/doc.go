// Package state knows the state of each region, now or as of a moment, and resolves what
// a request is about: its region, its scopes, and how fresh they are.
//
// States gives what a caller may see. FullStates gives everything. GrantStates wraps it and
// leaves out the clusters that a grant does not cover, so that the packages above need not
// ask who the caller is. What is about all clusters, such as the last run, is nil then.
// Commits are given whole: package history passes each through eventsOf, which asks Covers.
// Regions that a grant does not cover are missing in Resolver.Regions.
//
// state cannot import the packages that load images and read events, because they come
// later. It reaches the index of images by the interface ImageIndex, and asks whether a
// region had an image by the function Resolver.HasImage.
//
// It promises that an unknown cluster or scope is an error and never an empty list, and
// that the last state that was read is used if the store does not answer.
package state
