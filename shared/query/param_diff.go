package query

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
			p.request.to, err = p.parsePastTime(v[0])
			return err
		},
	}
)

// checkDiffForm adds a fault unless a request has one of the two forms of
// /v1/diff: one scope at two times, or two clusters at one time. Both forms
// together would be ambiguous, and neither would be an empty question.
func checkDiffForm(p *parser) {
	req := p.request
	severalClusters := canMatchSeveral(req.selection.clusters)
	severalTypes := canMatchSeveral(req.selection.types)
	isPair := len(req.selection.clusters) == 2
	switch {
	case req.from.isSet && req.at.isSet:
		p.addFault(codeInvalid, "at", "cannot be combined with from", "either from and to, or at")
	case req.to.isSet && !req.from.isSet:
		p.addFault(codeMissing, "from", "is required with to", allowedTimes)
	case req.from.isSet && (severalClusters || severalTypes):
		// Name the parameter that has to change.
		name := "ClusterId"
		if !severalClusters {
			name = "InstanceType"
		}
		p.addFault(codeInvalid, name, "names more than one scope",
			"one cluster and at most one instance type when from is given")
	case !req.from.isSet && isPair && severalTypes:
		p.addFault(codeInvalid, "InstanceType", "names more than one",
			"at most one instance type, for which the two clusters are compared")
	case !req.from.isSet && !isPair:
		p.addFault(codeMissing, "from", "is required unless ClusterId names two clusters to compare", allowedTimes)
	}
}
