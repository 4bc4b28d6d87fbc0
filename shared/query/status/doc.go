// Package status says how each region is: its last run and commit, how fresh it is, and
// whether the store answers. /v1/status and /metrics show the same regions in two forms.
//
// It promises that every region has an entry: what cannot be read is shown as an error and
// does not keep the others from being shown.
//
// What is added where: a member of a region that both show is in render.Region and is set
// in region.go. What only /metrics shows is a field of Region and a gauge in metrics.go.
package status
