package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// verdict is what a trial says about a claim.
type verdict string

const (
	// proved means that the claim was seen to hold, in this run and in this region.
	proved verdict = "proved"
	// refuted means that it was seen not to hold. Code that relies on it is wrong
	// then.
	refuted verdict = "refuted"
	// open means that the trial could not decide: something before it failed, or it
	// was not tried.
	open verdict = "open"
)

// claim is a sentence about the platform that the project relies on.
type claim struct {
	// id has a group and a name, such as "http/repeats".
	id string
	// text is the sentence. It says what is expected, whatever the documents say.
	text string
	// source is where the project has it from. "not documented" means that the code
	// assumes it.
	source string
	// try says how it is tried, for whoever wants to repeat it by hand.
	try string
	// check tries it on the deployment. seen says what happened, without names and
	// ids of the account. An error leaves the claim open.
	check func(ctx context.Context) (seen string, holds bool, err error)
}

// finding is the result of trying a claim, as it is reported.
type finding struct {
	// Claim, Text, Source and Tried are those of the claim.
	Claim  string
	Text   string
	Source string
	Tried  string
	// Seen is what happened, or why the claim is open. It is redacted.
	Seen string
	// Verdict is what the project may rely on from now on.
	Verdict verdict
	// Seconds is how long the trial took. Much of it may be waiting.
	Seconds float64
}

// errNotTried says why a claim was not tried.
type errNotTried string

// Error implements error.
func (e errNotTried) Error() string { return "not tried: " + string(e) }

// tryClaims tries claims one after the other. It stops trying when ctx ends: the
// rest stays open.
func (p *prover) tryClaims(ctx context.Context, claims []claim) {
	for _, c := range claims {
		p.add(p.tryClaim(ctx, c))
	}
}

// maxTrial is how long one claim may take.
const maxTrial = 10 * time.Minute

// tryClaim tries one claim.
func (p *prover) tryClaim(parent context.Context, c claim) finding {
	f := finding{Claim: c.id, Text: c.text, Source: c.source, Tried: c.try, Verdict: open}
	if parent.Err() != nil {
		f.Seen = errNotTried("interrupted").Error()
		return f
	}
	ctx, cancel := context.WithTimeout(parent, maxTrial)
	defer cancel()
	begun := time.Now()
	seen, holds, err := c.check(ctx)
	// Milliseconds are enough: most of the time is latency.
	f.Seconds = time.Since(begun).Round(time.Millisecond).Seconds()
	switch {
	// The time of this claim is over, not that of the run: the next one is tried.
	case err != nil && ctx.Err() != nil && parent.Err() == nil:
		f.Seen = fmt.Sprintf("it took more than %s: %v", maxTrial, err)
	case err != nil:
		f.Seen = err.Error()
	case holds:
		f.Seen, f.Verdict = seen, proved
	default:
		f.Seen, f.Verdict = seen, refuted
	}
	return f
}

// leaveOpen reports claims that could not be tried, with the reason.
func (p *prover) leaveOpen(claims []claim, reason string) {
	for _, c := range claims {
		c.check = func(context.Context) (string, bool, error) { return "", false, errNotTried(reason) }
		p.add(p.tryClaim(context.Background(), c))
	}
}

// errNoDeployment is the reason for claims that need a deployment which failed.
var errNoDeployment = errors.New("there is no deployment")
