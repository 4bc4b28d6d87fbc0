package page

import (
	"net"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// copyBox shows how programs ask for what the page shows: with curl, and with Terraform. A
// script adds buttons that copy.
func (v *imagesView) copyBox() g.Node {
	to := v.Service.origin() + v.address.without("lang", "cursor", "limit").String()
	return h.Details(h.Class("box"), h.ID("copy"), h.Summary(g.Text(v.T("Copy as curl or Terraform"))),
		copyText("curl", v.T("Copy"), curlCommand(to, v.Service.NeedsToken)),
		copyText("Terraform", v.T("Copy"), terraformBlock("images", "images", "Images", to, v.Service.NeedsToken)),
		g.If(v.Service.NeedsToken, h.P(h.Class("soft"), g.Text(v.T("Set TOKEN, or the variable token, to your token.")))))
}

// copyText is a text that a button copies.
func copyText(name, label, text string) g.Node {
	return h.Div(h.Class("copy"), h.Pre(h.TabIndex("0"), h.Aria("label", name), h.Code(g.Text(text))),
		h.Button(h.Type("button"), g.Attr("data-copy"), g.Attr("data-with-script"), h.Aria("label", label+" "+name),
			g.Text(label)))
}

// origin returns where programs ask, as far as the call tells. The script knows better.
func (s Service) origin() string {
	scheme := "https"
	host, _, err := net.SplitHostPort(s.Host)
	if err != nil {
		host = s.Host
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil && ip.IsLoopback() || host == "localhost" {
		scheme = "http"
	}
	return scheme + "://" + s.Host
}

// curlCommand returns a command for a shell.
func curlCommand(to string, needsToken bool) string {
	header := ""
	if needsToken {
		header = ` -H "Authorization: Bearer $TOKEN"`
	}
	return "curl -sS --fail-with-body" + header + " " + quoteForShell(to)
}

// quoteForShell quotes a text for sh. Nothing has a meaning between single quotes.
func quoteForShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// terraformBlock returns a data block that fails if the answer is an error, and a local value
// of a member of the answer.
func terraformBlock(data, local, member, to string, needsToken bool) string {
	headers := ""
	if needsToken {
		headers = "\n" + `  request_headers = { Authorization = "Bearer ${var.token}" }`
	}
	return `data "http" "` + data + `" {
  url = ` + quoteForTerraform(to) + headers + `
  lifecycle {
    postcondition {
      condition     = self.status_code == 200
      error_message = try(jsondecode(self.response_body).Message, self.response_body)
    }
  }
}
locals { ` + local + ` = jsondecode(data.http.` + data + `.response_body).` + member + ` }`
}

// quoteForTerraform quotes a text for HCL, in which ${ and %{ begin templates.
func quoteForTerraform(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{").Replace(s) + `"`
}
