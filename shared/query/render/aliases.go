package render

import (
	"strconv"

	"community-images/shared/alias"
	"community-images/shared/catalog"
	"community-images/shared/query/aliases"
	"community-images/shared/query/field"
	"community-images/shared/query/request"
)

// NewAlias returns an alias of a region without its image.
func NewAlias(region string, a alias.State, v aliases.ActiveRule) Alias {
	return Alias{
		Name: a.Name, RegionID: region, Description: a.Description, Rule: v.Rule, RuleSince: v.RuleSince,
		Lookup: a.Lookup, Pin: newAliasPin(a, v.IsPinExpired),
	}
}

// newAliasPin returns the pin of an alias, or nil.
func newAliasPin(a alias.State, isExpired bool) *AliasPin {
	if a.Pin == nil {
		return nil
	}
	return &AliasPin{ImageID: a.Pin.ImageID, Reason: a.Pin.Reason, Until: a.Pin.Until, Expired: isExpired}
}

// NewAliasAnswer returns the answer for an alias and its image.
func NewAliasAnswer(t *aliases.ResolvedAlias, image *catalog.Image, hints []string) AliasAnswer {
	return AliasAnswer{
		Name: t.Name, Description: t.Description, ImageID: image.ImageID,
		Image: Image(field.AppendUpstreamImage(nil, image.Raw)), Rule: t.Rule, RuleSince: t.RuleSince, Lookup: t.Lookup,
		Pin: newAliasPin(t.State, t.IsPinExpired), Hints: hints,
	}
}

// AliasView is what the page of an alias shows.
type AliasView struct {
	Alias
	Image *catalog.Image
}

// NewAliasView returns the view of an alias and its image.
func NewAliasView(t *aliases.ResolvedAlias, image *catalog.Image) *AliasView {
	v := &AliasView{Alias: NewAlias(t.Request.Region, t.State, t.ActiveRule), Image: image}
	v.ImageID, v.ImageName = image.ImageID, image.Text("ImageName")
	return v
}

// Render renders the list in the format of a request. prefix is what JSON begins with.
func (list AliasList) Render(prefix []byte, req *request.Request) ([]byte, error) {
	switch req.Format {
	case request.FormatJSON:
		return AppendMembers(prefix, list)
	case request.FormatNDJSON:
		return AppendLines(nil, list.Aliases, func(a Alias) Alias { return a })
	}
	return list.table(req).Render(req.Format), nil
}

// table returns the rows for csv, tsv and table. A table for people leaves out what is long.
func (list AliasList) table(req *request.Request) Table {
	if req.Format == request.FormatTable {
		return Table{Columns: shortAliasColumns, Rows: Rows(list.Aliases, Alias.shortCells)}
	}
	return Table{Columns: aliasColumns, Rows: Rows(list.Aliases, Alias.cells), ByteOrder: req.Bom}
}

var (
	aliasColumns = []string{
		"RegionId", "Name", "ImageId", "ImageName", "Rule", "RuleSince", "PinnedImageId", "PinReason", "PinUntil",
		"PinExpired", "Lookup", "Description", "Error",
	}
	shortAliasColumns = []string{"RegionId", "Name", "ImageId", "ImageName", "Rule", "RuleSince", "Error"}
)

// cells returns a row.
func (a Alias) cells() []string {
	pin, isExpired := AliasPin{}, ""
	if a.Pin != nil {
		pin, isExpired = *a.Pin, strconv.FormatBool(a.Pin.Expired)
	}
	return []string{
		a.RegionID, a.Name, a.ImageID, a.ImageName, string(a.Rule), a.RuleSince.String(), pin.ImageID, pin.Reason,
		pin.Until.String(), isExpired, a.Lookup, a.Description, a.errorCode(),
	}
}

// shortCells returns a row for people: empty cells are visible.
func (a Alias) shortCells() []string {
	cells := []string{
		a.RegionID, a.Name, a.ImageID, a.ImageName, string(a.Rule), a.RuleSince.String(), a.errorCode(),
	}
	for i := range cells {
		cells[i] = dashIfBlank(cells[i])
	}
	return cells
}

// errorCode returns the code of the error, or "".
func (a Alias) errorCode() string {
	if a.Error == nil {
		return ""
	}
	return string(a.Error.Code)
}
