package images

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/page/ui"
)

// copyBox shows how programs ask for what the page shows: with curl, and with Terraform. A
// script adds buttons that copy.
func (v *imagesView) copyBox() g.Node {
	needsToken := v.Service.NeedsToken
	to := v.Service.Origin() + v.address.Without("lang", "cursor", "limit").String()
	return h.Details(h.Class("box"), h.ID("copy"), h.Summary(g.Text(v.T("Copy as curl or Terraform"))),
		ui.CopyText("curl", v.T("Copy"), ui.CurlCommand(to, needsToken)),
		ui.CopyText("Terraform", v.T("Copy"), ui.TerraformBlock("images", "images", "Images", to, needsToken)),
		g.If(needsToken, h.P(h.Class("soft"), g.Text(v.T("Set TOKEN, or the variable token, to your token.")))))
}
