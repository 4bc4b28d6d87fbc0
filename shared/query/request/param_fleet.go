package request

import (
	"slices"

	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// The parameters about the images that clusters boot from.
var (
	// paramImageState sets Request.ImageStates.
	paramImageState = Param{
		Name: "ImageState", IsList: true, ignoresCase: true, Example: "gone,offered",
		allowed: "offered, gone, not-community or unknown",
		About:   "only clusters whose boot image is in one of these states, and their scopes",
		parse: func(p *parser, v []string) error {
			for _, name := range v {
				state := ImageState(field.FoldCase(name))
				if !slices.Contains(ImageStates, state) {
					return &fault.ValueError{Value: name, Suggestion: fault.DidYouMean(name, ImageStateNames())}
				}
				p.request.ImageStates = append(p.request.ImageStates, state)
			}
			return nil
		},
	}
	// paramClustersBy sets Request.rowsBy.
	paramClustersBy = Param{
		Name: "by", ignoresCase: true, Example: "cluster", allowed: "scope or cluster",
		About: "cluster: ndjson, csv, tsv and table have a row for each cluster, with its boot image; scope: for each " +
			"cluster and instance type, which is the default without ImageState. json has both",
		parse: func(p *parser, v []string) error {
			names := []string{"scope", "cluster"}
			if !slices.Contains(names, field.FoldCase(v[0])) {
				return &fault.ValueError{Value: v[0], Suggestion: fault.DidYouMean(v[0], names)}
			}
			p.request.rowsBy = field.FoldCase(v[0])
			return nil
		},
	}
	// paramBootImages sets Request.BootImages. A status without it reads heads only.
	paramBootImages = Param{
		Name: "bootImages", ignoresCase: true, Example: "true", allowed: allowedBool,
		About: "true: count the clusters by the state of their boot image too; reads the lists and the log once after " +
			"each commit",
		parse: func(p *parser, v []string) (err error) {
			p.request.BootImages, err = parseBool(v[0])
			return err
		},
	}
)

// ByCluster reports whether formats with rows have one for each cluster, and not for each
// scope. Who filters by boot image wants to see it.
func (req *Request) ByCluster() bool {
	return req.rowsBy == "cluster" || req.rowsBy == "" && req.ImageStates != nil
}

// ImageStateNames lists the values of ImageState.
func ImageStateNames() []string {
	var names []string
	for _, state := range ImageStates {
		names = append(names, string(state))
	}
	return names
}
