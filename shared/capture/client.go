// Package capture asks E-HPC about every scope of its regions and commits what has
// changed.
//
// It promises that
//   - a failed or undocumented answer never replaces good data,
//   - the failure of one scope never fails another,
//   - E-HPC is asked no faster than the rate limit allows,
//   - a run that its deadline cuts short commits what it has, and the next run goes
//     on where it stopped.
package capture

import (
	"context"
	"errors"

	"community-images/shared/archive"
	"community-images/shared/ehpc"
)

// Client is the part of E-HPC's API that a run needs; *ehpc.Client implements it.
// Implementations are safe for concurrent use, bound the time of every call, and do
// not retry. They return *ehpc.Error.
type Client interface {
	// ListCommunityImages returns an answer that may not be decoded yet: only its
	// Decode tells whether the images are good.
	ListCommunityImages(ctx context.Context, req ehpc.ImagesRequest) (*ehpc.ImagesAnswer, error)
	// ListClusters makes the call for each page by run, and returns its error.
	ListClusters(ctx context.Context, regionID string, run ehpc.CallRunner) ([]ehpc.Cluster, error)
}

// errNoTime means that the deadline of the run leaves no time for a call.
var errNoTime = errors.New("no time is left before the deadline")

// findAPIError returns the *ehpc.Error in err. It returns nil if there is none, or if
// it says only that the context ended.
func findAPIError(err error) *ehpc.Error {
	var e *ehpc.Error
	if errors.As(err, &e) && e.Class != ehpc.Canceled {
		return e
	}
	return nil
}

// toAPIError returns findAPIError's result. An error of another kind becomes one that
// may be retried.
func toAPIError(err error) *ehpc.Error {
	if e := findAPIError(err); e != nil {
		return e
	}
	return &ehpc.Error{Class: ehpc.Temporary, Code: "NoAnswer", Err: err}
}

// newProblem returns what is stored of the error of a call.
func newProblem(err error) *archive.Problem {
	if errors.Is(err, errNoTime) && findAPIError(err) == nil {
		return &archive.Problem{Class: "deadline", Code: "NoTime", Message: err.Error()}
	}
	e := toAPIError(err)
	return &archive.Problem{Class: string(e.Class), Code: e.Code, Message: e.Reason(), RequestID: e.RequestID}
}
