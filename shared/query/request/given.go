package request

import (
	"slices"
	"strings"

	"community-images/shared/query/field"
)

// givenParam is one parameter as it was given, under the name that the tables
// of parameters write.
type givenParam struct {
	name   string
	values []string // unescaped, in the case that the caller wrote
	// folded are the values in lower case, if the parameter ignores case; nil: it does
	// not.
	folded  []string
	perPage bool // see Param.perPage
}

// canonical returns the values that are equal for equal questions.
func (g *givenParam) canonical() []string {
	if g.folded != nil {
		return g.folded
	}
	return g.values
}

// foldAll returns values in lower case.
func foldAll(values []string) []string {
	folded := make([]string, len(values))
	for i, v := range values {
		folded[i] = field.FoldCase(v)
	}
	return folded
}

// GivenValues returns the values of a parameter as given, in the case that they have.
func (req *Request) GivenValues(name string) []string {
	for _, g := range req.given {
		if g.name == name {
			return g.values
		}
	}
	return nil
}

// canonicalQuery returns the same text for all spellings of a question.
// p.given must be sorted. Without withPage the parameters that may differ
// between pages, and settings that change what is shown, are left out.
func (p *parser) canonicalQuery(withPage bool) string {
	var b strings.Builder
	b.WriteString(p.request.Route.Pattern + "\n" + p.request.ImageID + p.request.AliasName + "\n")
	// Other settings make another answer, so its ETag must differ.
	if withPage && len(p.schema.Withheld) > 0 {
		b.WriteString("\x00" + strings.Join(p.schema.Withheld, ",") + "\n")
	}
	for _, g := range p.given {
		if g.perPage && !withPage {
			continue
		}
		b.WriteString(g.name)
		for _, v := range g.canonical() {
			b.WriteString("\x00" + v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// spelling returns request.Spelling. p.given must be sorted.
func (p *parser) spelling() string {
	var b strings.Builder
	for _, g := range p.given {
		if !slices.Equal(g.values, g.canonical()) {
			b.WriteString("\n" + g.name + "\x00" + strings.Join(g.values, "\x00"))
		}
	}
	return b.String()
}
