package ui

import (
	"net"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// CopyText is a text that a button copies.
func CopyText(name, label, text string) g.Node {
	return h.Div(h.Class("copy"), h.Pre(h.TabIndex("0"), h.Aria("label", name), h.Code(g.Text(text))),
		h.Button(h.Type("button"), g.Attr("data-copy"), g.Attr("data-with-script"), h.Aria("label", label+" "+name),
			g.Text(label)))
}

// Origin returns the scheme and host in commands to copy. The scheme is a guess; the script
// replaces both by those of the address bar.
func (s Service) Origin() string {
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

// CurlCommand returns a command for a shell.
func CurlCommand(to string, needsToken bool) string {
	header := ""
	if needsToken {
		header = ` -H "Authorization: Bearer $TOKEN"`
	}
	return "curl -sS --fail-with-body" + header + " " + quoteForShell(to)
}

// quoteForShell quotes a text for sh. Nothing has a meaning between single quotes.
func quoteForShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// TerraformBlock returns a data block that fails if the answer is an error, and a local value
// of a member of the answer.
func TerraformBlock(data, local, member, to string, needsToken bool) string {
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

// CopyButton copies the text before it.
func CopyButton(in *Input) g.Node {
	return h.Button(h.Type("button"), h.Class("link"), g.Attr("data-copy"), g.Attr("data-with-script"),
		g.Text(in.T("Copy")))
}
