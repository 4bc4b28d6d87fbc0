package request

import (
	"slices"

	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// The states that /v1/diff compares. Without from it compares two clusters at
// the moment that at names.
var (
	// from has no default, because a diff from the beginning would be the whole
	// list.
	paramFrom = Param{
		Name:    "from",
		Example: "-1m",
		About:   "the earlier state",
		allowed: allowedTimes,
		parse: func(p *parser, v []string) (err error) {
			p.request.From, err = p.parsePastTime(v[0])
			return err
		},
	}
	// to may be before from: the answer then tells what it would take to go
	// back.
	paramTo = Param{
		Name:    "to",
		Example: "-1m",
		About:   "the later state; default: now",
		allowed: allowedTimes,
		parse: func(p *parser, v []string) (err error) {
			p.request.To, err = p.parsePastTimeOrNow(v[0])
			return err
		},
	}
	// paramWith sets Request.With.
	paramWith = Param{
		Name:    "with",
		Example: catalog.Any,
		About:   "the second cluster, for a diff of two clusters; ClusterId is the first",
		allowed: "one cluster, or _any for images that every cluster supports",
		parse: func(p *parser, v []string) error {
			if v[0] == AllNames {
				return &fault.ValueError{Value: v[0]}
			}
			p.request.with = v[0]
			return checkCluster(v[0])
		},
	}
	// paramBy sets Request.ByScope. Feeds have it too.
	paramBy = Param{
		Name:        "by",
		ignoresCase: true,
		Example:     "scope",
		About:       "scope: a row for each image, cluster and instance type; default: image, one row for each image",
		allowed:     "image or scope",
		parse: func(p *parser, v []string) error {
			names := []string{"image", "scope"}
			if !slices.Contains(names, field.FoldCase(v[0])) {
				return &fault.ValueError{Value: v[0], Suggestion: fault.DidYouMean(v[0], names)}
			}
			p.request.ByScope = field.FoldCase(v[0]) == "scope"
			return nil
		},
	}
)

// ComparesNothing reports whether a request for a page of /v1/diff names nothing to compare.
// The page lets a person choose then. In all other formats that is an error.
func (req *Request) ComparesNothing() bool { return req.with == "" && !req.From.IsSet }

// notCompared are the parameters of /v1/diff that say nothing about what to compare.
var notCompared = []string{"RegionId", "format", "lang", "pretty", "bom", "maxAge"}

// checkDiffForm adds a fault unless a request has one of the two forms of
// /v1/diff: two times, or two clusters at one time. Both forms together would be
// ambiguous, and neither would be an empty question.
func checkDiffForm(p *parser) {
	req := p.request
	isChoice := !slices.ContainsFunc(p.given, func(g *givenParam) bool { return !slices.Contains(notCompared, g.name) })
	switch {
	case req.Format == FormatHTML && isChoice:
	case req.with != "" && (req.From.IsSet || req.To.IsSet):
		p.addFault(fault.CodeInvalid, "with", message.New("cannot be combined with from and to"),
			message.New("two clusters, or two times"))
	case req.From.IsSet && req.At.IsSet:
		p.addFault(fault.CodeInvalid, "at", message.New("cannot be combined with from"),
			message.New("either from and to, or at"))
	case req.To.IsSet && !req.From.IsSet:
		p.addFault(fault.CodeMissing, "from", message.New("is required with to"), message.New(allowedTimes))
	case req.with != "":
		p.checkDiffOfClusters()
	case !req.From.IsSet && len(req.Selection.Clusters) == 2:
		reason := message.New("is required to compare two clusters: ClusterId=%s&with=%s", req.Selection.Clusters[0],
			req.Selection.Clusters[1])
		p.addFault(fault.CodeMissing, "with", reason, message.Text{})
	case !req.From.IsSet:
		p.addFault(fault.CodeMissing, "from", message.New("is required, or with to compare two clusters"),
			message.New(allowedTimes))
	}
}

// checkDiffOfClusters adds the faults of a diff of two clusters. It completes
// the selection of one that has none.
func (p *parser) checkDiffOfClusters() {
	req := p.request
	switch {
	case req.Selection.Clusters == nil:
		p.addFault(fault.CodeMissing, "ClusterId", message.New("is required next to with"),
			message.New("one cluster, or _any"))
	case CanMatchSeveral(req.Selection.Clusters):
		reason := message.New("must name one cluster next to with, got %s",
			fault.Quote(field.JoinList(req.Selection.Clusters)))
		p.addFault(fault.CodeInvalid, "ClusterId", reason, message.New("one cluster, or _any"))
	case req.Kinds != nil:
		p.addFault(fault.CodeInvalid, "kind", message.New("cannot be combined with with"),
			message.New("from and to, or no kind"))
	case req.ByScope:
		p.addFault(fault.CodeInvalid, "by", message.New("must not be scope next to with"), message.New("image"))
	case CanMatchSeveral(req.Selection.Types):
		p.addFault(fault.CodeInvalid, "InstanceType", message.New("names more than one"),
			message.New("at most one instance type, for which the two clusters are compared"))
	default:
		req.Selection.Clusters = append(req.Selection.Clusters, req.with)
	}
}
