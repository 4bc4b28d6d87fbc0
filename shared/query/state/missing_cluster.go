package state

import (
	"context"
	"errors"
	"iter"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
)

// maxExplainedClusters bounds the missing clusters of one error that are looked for in
// the log.
const maxExplainedClusters = 3

// ExplainMissingCluster adds to an error about clusters where else they are
// captured, until when they were, or since when they are. People ask for clusters
// that have just ended, and for times at which today's clusters did not exist
// yet. Other errors stay as they are.
func (r *Resolver) ExplainMissingCluster(ctx context.Context, err error) error {
	var e *fault.ClusterError
	if !errors.As(err, &e) {
		return err
	}
	explained := 0
	for i := range e.Missing {
		m := &e.Missing[i]
		// That a cluster is listed and not captured yet, or has another id, the error
		// says already.
		if m.IsListed || len(fault.IDsNamed(m.Name, e.Clusters)) > 0 {
			continue
		}
		if explained++; explained > maxExplainedClusters {
			break
		}
		m.Elsewhere = r.findElsewhere(ctx, e, m.Name)
	}
	return err
}

// findElsewhere returns a sentence that says where or when a cluster is captured that is
// missing in an error, or which cluster has its name. It is empty if nothing is known.
func (r *Resolver) findElsewhere(ctx context.Context, e *fault.ClusterError, name string) (sentence message.Text) {
	// The region of the error is among them: the cluster may have been there.
	for _, region := range r.Regions {
		current, err := r.LoadCurrent(ctx, region)
		if err != nil {
			continue // the error is true without it
		}
		if ids := fault.IDsNamed(name, current.namedClusters()); len(ids) > 0 {
			return message.New("%s in %s.", fault.DescribeNamed(name, ids), region)
		}
		// Only an id can be that of a cluster elsewhere; "" is the lists without one.
		if name != "" && catalog.ValidateName("ClusterId", name) != nil {
			continue
		}
		here := current.hasCluster(name)
		// A cluster that another region has needs no look into history.
		if here && !e.IsOnlyOf(region) {
			sentence = message.New("It is captured in %s.", region)
		}
		// Nor is the log worth waiting for while the store does not answer.
		if here && (!e.IsOnlyOf(region) || e.Past == 0) || !current.OutageSince.IsZero() {
			continue
		}
		text, err := r.explainCluster(ctx, current, name, e.Past)
		if err == nil && !text.IsEmpty() {
			sentence = text
		}
	}
	return sentence
}

// explainCluster says since when a cluster is captured that is here now but was
// not at the commit past, or until when one was captured that is not here now. It
// returns an empty text if the log does not know.
func (r *Resolver) explainCluster(
	ctx context.Context, current Current, name string, past int64,
) (message.Text, error) {
	if current.hasCluster(name) {
		first, ok, err := r.firstCommitWith(ctx, current, name, past)
		if err != nil || !ok {
			return message.Text{}, err
		}
		return message.New("It was first captured by commit %d at %s: use at=%d or later.",
			first.Sequence, first.CommittedAt, first.Sequence), nil
	}
	ended, err := r.endedScopes(ctx, current)
	if err != nil || !slices.ContainsFunc(ended, isOfCluster(name)) {
		return message.Text{}, err
	}
	end, ok, err := r.lastEndOf(ctx, current, name)
	if err != nil || !ok {
		return message.New("It was captured in %s before.", current.RegionID), err
	}
	return message.New("It was captured in %s until commit %d at %s: use at=%d.",
		current.RegionID, end.Sequence, end.CommittedAt, end.Sequence-1), nil
}

// isOfCluster returns a test whether a scope belongs to a cluster.
func isOfCluster(cluster string) func(format.ScopeRef) bool {
	return func(ref format.ScopeRef) bool { return ref.ClusterID == cluster }
}

// lastEndOf returns the last commit in which a scope of a cluster ended. ok is false if
// there is none.
func (r *Resolver) lastEndOf(
	ctx context.Context, current Current, cluster string,
) (end *format.Commit, ok bool, err error) {
	return findCommit(r.CommitsBackward(ctx, current, nil, current.Sequence), func(c *format.Commit) bool {
		return slices.ContainsFunc(c.Ended, func(e format.EndedScope) bool { return e.ClusterID == cluster })
	})
}

// firstCommitWith returns the first commit after a number that has new content of a
// cluster. ok is false if there is none.
func (r *Resolver) firstCommitWith(
	ctx context.Context, current Current, cluster string, after int64,
) (first *format.Commit, ok bool, err error) {
	return findCommit(r.Commits(ctx, current, nil, after+1), func(c *format.Commit) bool {
		return slices.ContainsFunc(c.Scopes, func(sc format.ScopeChange) bool { return sc.ClusterID == cluster })
	})
}

// maxExplainingCommits bounds what is read for the text of an error, some 2 MB of the
// log of a region with 200 clusters. People ask for clusters that have just ended.
const maxExplainingCommits = 500

// findCommit returns the first commit that matches, among maxExplainingCommits. ok is
// false if there is none.
func findCommit(
	commits iter.Seq2[*format.Commit, error], matches func(*format.Commit) bool,
) (found *format.Commit, ok bool, err error) {
	read := 0
	for c, err := range commits {
		if err != nil {
			return nil, false, err
		}
		if matches(c) {
			return c, true, nil
		}
		if read++; read == maxExplainingCommits {
			break
		}
	}
	return nil, false, nil
}

// CheckSelection returns an error for a name of a selection that no scope has or had.
// Otherwise the caller would take the empty feed of a misspelt name for a quiet one.
func (r *Resolver) CheckSelection(ctx context.Context, sel request.Selection, sub *Subject) error {
	if sel.IsEverything() {
		return nil
	}
	known := slices.Concat(sub.State.ScopeRefs(), sub.Current.ScopeRefs())
	if CheckNames(sel, known, sub.State) == nil {
		return nil
	}
	ended, err := r.endedScopes(ctx, sub.Current)
	if err != nil {
		return err
	}
	return CheckNames(sel, slices.Concat(known, ended), sub.State)
}

// CheckNames returns an error for a name of the selection that none of some scopes has.
func CheckNames(sel request.Selection, known []format.ScopeRef, state *RegionState) error {
	isKnown := func(name string) bool { return slices.ContainsFunc(known, isOfCluster(name)) }
	if missing := missingIn(sel.NamedClusters(), isKnown); len(missing) > 0 {
		return state.newClusterError(missing, 0)
	}
	// A type must be one that a selected cluster has or had.
	for _, name := range sel.Types {
		one := request.Selection{Clusters: sel.Clusters, Types: []string{name}}
		if !request.IncludesAll(sel.Types) && !slices.ContainsFunc(known, isIn(one)) {
			return scopeNotFoundError(one, state)
		}
	}
	return nil
}

// firstUnmatched returns the part of the selection that is about the first name
// without a scope in any of the sets.
func firstUnmatched(sel request.Selection, sets ...*ScopeSet) (part request.Selection, found bool) {
	clusters, types := map[string]bool{}, map[string]bool{}
	for _, set := range sets {
		for _, list := range [][]format.ScopeState{set.Scopes, set.empty} {
			for _, sc := range list {
				clusters[sc.ClusterID], types[sc.InstanceType] = true, true
			}
		}
	}
	for _, name := range request.ToScopeNames(sel.Clusters) {
		if !clusters[name] && !sel.IsEveryCluster() {
			return request.Selection{Clusters: []string{request.AnyIfEmpty(name)}, Types: sel.Types}, true
		}
	}
	for _, name := range request.ToScopeNames(sel.Types) {
		if !types[name] && !request.IncludesAll(sel.Types) {
			return request.Selection{Clusters: sel.Clusters, Types: []string{request.AnyIfEmpty(name)}}, true
		}
	}
	return request.Selection{}, false
}

// isIn returns a function that reports whether a scope belongs to a selection.
func isIn(sel request.Selection) func(format.ScopeRef) bool {
	return func(ref format.ScopeRef) bool { return sel.Includes(ref.ClusterID, ref.InstanceType) }
}
