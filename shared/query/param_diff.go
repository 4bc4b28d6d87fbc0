package query

import (
	"fmt"
	"slices"

	"community-images/shared/catalog"
)

// The states that /v1/diff compares. Without from it compares two clusters at
// the moment that at names.
var (
	// from has no default, because a diff from the beginning would be the whole
	// list.
	paramFrom = param{
		name:    "from",
		example: "-1m",
		about:   "the earlier state",
		allowed: allowedTimes,
		parse: func(p *parser, v []string) (err error) {
			p.request.from, err = p.parsePastTime(v[0])
			return err
		},
	}
	// to may be before from: the answer then tells what it would take to go
	// back.
	paramTo = param{
		name:    "to",
		example: "-1m",
		about:   "the later state; default: now",
		allowed: allowedTimes,
		parse: func(p *parser, v []string) (err error) {
			p.request.to, err = p.parsePastTimeOrNow(v[0])
			return err
		},
	}
	// paramWith sets request.with.
	paramWith = param{
		name:    "with",
		example: catalog.Any,
		about:   "the second cluster, for a diff of two clusters; ClusterId is the first",
		allowed: "one cluster, or _any for images that every cluster supports",
		parse: func(p *parser, v []string) error {
			if v[0] != catalog.Any && catalog.ValidateName(paramCluster.name, v[0]) != nil {
				return &valueError{value: v[0]}
			}
			p.request.with = v[0]
			return nil
		},
	}
	// paramBy sets request.byScope. Feeds have it too.
	paramBy = param{
		name:        "by",
		ignoresCase: true,
		example:     "scope",
		about:       "scope: a row for each image, cluster and instance type; default: image, one row for each image",
		allowed:     "image or scope",
		parse: func(p *parser, v []string) error {
			names := []string{"image", "scope"}
			if !slices.Contains(names, foldCase(v[0])) {
				return &valueError{v[0], didYouMean(v[0], names)}
			}
			p.request.byScope = foldCase(v[0]) == "scope"
			return nil
		},
	}
)

// checkDiffForm adds a fault unless a request has one of the two forms of
// /v1/diff: two times, or two clusters at one time. Both forms together would be
// ambiguous, and neither would be an empty question.
func checkDiffForm(p *parser) {
	req := p.request
	switch {
	case req.with != "" && (req.from.isSet || req.to.isSet):
		p.addFault(codeInvalid, "with", "cannot be combined with from and to", "two clusters, or two times")
	case req.from.isSet && req.at.isSet:
		p.addFault(codeInvalid, "at", "cannot be combined with from", "either from and to, or at")
	case req.to.isSet && !req.from.isSet:
		p.addFault(codeMissing, "from", "is required with to", allowedTimes)
	case req.with != "":
		p.checkDiffOfClusters()
	case !req.from.isSet && len(req.selection.clusters) == 2:
		p.addFault(codeMissing, "with", fmt.Sprintf("is required to compare two clusters: ClusterId=%s&with=%s",
			req.selection.clusters[0], req.selection.clusters[1]), "")
	case !req.from.isSet:
		p.addFault(codeMissing, "from", "is required, or with to compare two clusters",
			allowedTimes)
	default:
		p.checkDiffOfTimes()
	}
}

// checkDiffOfClusters adds the faults of a diff of two clusters. It completes
// the selection of one that has none.
func (p *parser) checkDiffOfClusters() {
	req := p.request
	switch {
	case req.selection.clusters == nil:
		p.addFault(codeMissing, "ClusterId", "is required next to with", "one cluster, or _any")
	case canMatchSeveral(req.selection.clusters):
		p.addFault(codeInvalid, "ClusterId", "must name one cluster next to with", "")
	case canMatchSeveral(req.selection.types):
		p.addFault(codeInvalid, "InstanceType", "names more than one",
			"at most one instance type, for which the two clusters are compared")
	default:
		req.selection.clusters = append(req.selection.clusters, req.with)
	}
}

// checkDiffOfTimes adds a fault if a diff of two times is of several scopes.
func (p *parser) checkDiffOfTimes() {
	sel := p.request.selection
	for _, list := range []struct {
		name   string
		values []string
	}{{"ClusterId", sel.clusters}, {"InstanceType", sel.types}} {
		if canMatchSeveral(list.values) {
			p.addFault(codeInvalid, list.name, "names more than one scope",
				"one cluster and at most one instance type when from is given")
			return
		}
	}
}
