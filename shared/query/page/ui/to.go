package ui

import "net/url"

// AliasPath begins the paths of aliases.
const AliasPath = "/v1/aliases/"

// To returns the address of another page, about the same region and in the same language.
// pairs are names and values of more parameters.
func (in *Input) To(path string, pairs ...string) Address {
	a := Address{path, url.Values{}}
	if in.Region != "" {
		a.Params.Set("RegionId", in.Region)
	}
	if lang := in.Here().Get("lang"); lang != "" {
		a.Params.Set("lang", lang)
	}
	for i := 0; i < len(pairs); i += 2 {
		a.Params.Set(pairs[i], pairs[i+1])
	}
	return a
}

// ToImages returns the address of the images of everything that is captured.
func (in *Input) ToImages(pairs ...string) Address {
	return in.To("/v1/images", append([]string{"ClusterId", "*"}, pairs...)...)
}

// ToChanges returns the address of what changed lately.
func (in *Input) ToChanges() Address { return in.To("/v1/changes", "since", "-1w") }

// ToImage returns the address of one image.
func (in *Input) ToImage(id string) Address { return in.To("/v1/images/" + url.PathEscape(id)) }

// ToImageOf returns the address of an image of a region.
func (in *Input) ToImageOf(region, id string) Address { return in.ToImage(id).With("RegionId", region) }

// KeepTime adds the time that the page is about to an address.
func (in *Input) KeepTime(a Address) Address {
	if at := in.Here().Get("at"); at != "" {
		return a.With("at", at)
	}
	return a
}

// ClustersSubrequest asks for the names of the clusters, at the time that the page is about.
func (in *Input) ClustersSubrequest() Subrequest {
	return in.KeepTime(in.To("/v1/clusters").Without("lang")).Subrequest()
}
