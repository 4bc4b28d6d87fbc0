// Package replica answers E-HPC's own API (version 2018-04-12) from the archive:
// ListCommunityImages, ListClusters and ListRegions, in both dialects that
// Alibaba Cloud's SDKs and CLI speak, now and frozen at a past moment.
//
// It promises that what upstream said comes back field for field, that errors
// have upstream's shape, that a limited key cannot tell what lies outside its
// grant from what does not exist, and that no signed request is answered twice.
package replica
