// Package capture asks E-HPC about every scope of its regions and commits what
// has changed.
//
// It promises that a failed or undocumented answer never replaces good data,
// that one scope's failure never fails another, that upstream is asked no
// faster than its budget allows, and that a run which its deadline cuts short
// commits what it has; the next one goes on where it stopped.
package capture

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// Upstream is the part of the E-HPC API that a run needs. Implementations are
// safe for concurrent use, bound every call in time and do not retry: the run
// does, within its budget. They return *Fault for what upstream answered, and
// the context's error, possibly wrapped, when ctx has ended.
type Upstream interface {
	// Images asks ListCommunityImages for one scope.
	Images(ctx context.Context, scope catalog.Scope) (Answer, error)
	// Clusters asks ListClusters at the endpoint of a region for every page,
	// each by a Call of its own, and returns the error of a Call as it is.
	Clusters(ctx context.Context, region string, call Call) ([]Cluster, error)
}

// Call makes one call to upstream when its turn has come, and makes it again
// where that can help: it runs ask each time, within the budget of the run, and
// returns nil if the last time succeeded. It is safe for concurrent use.
type Call func(ctx context.Context, ask func(context.Context) error) error

// Answer is a successful reply to one scope that has not been decoded yet.
type Answer struct {
	RequestID string
	// Fingerprint is a hash of the bytes that hold the images: equal
	// fingerprints of two answers mean equal images.
	Fingerprint string
	// Decode reads the images. An error, a *Fault, means that the reply is
	// not of the documented shape.
	Decode func(*catalog.Interner) ([]*catalog.Image, error)
}

// Cluster is one entry of a listing.
type Cluster struct {
	catalog.Cluster
	Raw json.RawMessage // the entry, verbatim
	// Problem is set if the entry could not be used: an instance type of a
	// cluster, or all of it; then there is no ClusterID.
	Problem string
}

// Fault is a call that did not succeed.
type Fault struct {
	Class      string // throttled, not-authorized, not-found, temporary, malformed, invalid
	Code       string // upstream's error code, if it gave one
	Message    string
	RequestID  string
	Retry      bool          // asking again may help
	Throttled  bool          // the budget should shrink
	RetryAfter time.Duration // upstream's demand; 0: none
	Everyone   bool          // whatever is asked, the answer is the same: the credentials are refused
}

func (f *Fault) Error() string {
	return fmt.Sprintf("E-HPC answered %s %q: %s (request id %q)", f.Class, f.Code, f.Message, f.RequestID)
}

// problem is what is stored of a fault.
func (f *Fault) problem() *archive.Problem {
	return &archive.Problem{Class: f.Class, Code: f.Code, Message: f.Message, RequestID: f.RequestID}
}
