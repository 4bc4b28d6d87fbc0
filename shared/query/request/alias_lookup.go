package request

import (
	"errors"
	"slices"

	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// newLookupRoute returns what the lookup of an alias may have: the parameters of /v1/images
// that choose and order images.
func newLookupRoute() *Route {
	return &Route{Pattern: "the lookup of an alias", Filters: true, Formats: []string{FormatJSON},
		selects: Selection.forList, checkParams: checkAbsoluteTimes,
		Params: []Param{paramCluster, paramType, paramSearch, paramSort, paramLatestBy}}
}

// checkAbsoluteTimes adds a fault for each condition with a time before now. An alias must
// not move without a commit, and must have moved at the same time whenever that is asked.
func checkAbsoluteTimes(p *parser) {
	for _, c := range p.request.TimeConditions {
		for _, at := range c.times {
			if !at.IsAbsolute() {
				p.addFault(fault.CodeInvalid, c.Name, message.New("must have absolute times in an alias"),
					message.New("an RFC 3339 time or date, epoch seconds or milliseconds"))
				break
			}
		}
	}
}

// ParseLookup parses the lookup of an alias in a region, as a query writes it. The request
// asks for the image of the alias alone, at present.
func ParseLookup(s *field.Schema, region, lookup string) (*Request, error) {
	req, err := Parse(&Config{Schema: s}, newLookupRoute(), Raw{Query: lookup})
	if err != nil {
		return nil, err
	}
	req.Region, req.Limit, req.MinCount = region, 1, 1
	return req, nil
}

// IsCovered reports whether a caller may see everything that the lookup of an alias depends
// on. covers tells whether the caller may see a cluster; "" is the question without one. The
// dates of images are about all clusters, and known only to callers who see all.
func (req *Request) IsCovered(covers func(cluster string) bool) bool {
	return len(req.DerivedFields) == 0 &&
		!slices.ContainsFunc(ToScopeNames(req.Selection.Clusters), func(name string) bool {
			return name == AllNames || !covers(name)
		})
}

// CheckLookup returns an error if the lookup of an alias cannot be parsed. The error names
// every fault, and what is allowed.
func CheckLookup(lookup string) error {
	_, err := ParseLookup(field.NewSchema(nil), "", lookup)
	var e *apierror.Error
	if errors.As(err, &e) {
		return errors.New(e.Message.String())
	}
	return err
}
