package ui

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// Hidden returns a parameter that a form sends without showing it.
func Hidden(name, value string) g.Node {
	return h.Input(h.Type("hidden"), h.Name(name), h.Value(value))
}

// KeepLanguage returns the parameter lang for a form, if the address has it.
func KeepLanguage(in *Input) g.Node {
	if lang := in.Here().Get("lang"); lang != "" {
		return Hidden("lang", lang)
	}
	return nil
}

// KeepRegion returns the parameter RegionId for a form, if the page is about one region.
func (in *Input) KeepRegion() g.Node {
	if in.Region == "" {
		return nil
	}
	return Hidden("RegionId", in.Region)
}
