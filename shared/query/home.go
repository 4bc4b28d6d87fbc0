package query

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"strconv"
	"strings"

	"community-images/shared/query/etag"
	"community-images/shared/query/request"
)

// homeHTML is the page for people, with {version}, {token}, {regions},
// {statuses} and {routes} to fill in. Its script reads the public routes and
// nothing else.
//
//go:embed home.html
var homeHTML string

// serveHome serves /: the routes as text, or the page for people. Both are
// public, so they must not show what is stored. The names of the regions on the
// page are those that the caller may see.
func (l *Lookup) serveHome(_ context.Context, req *request.Request) (*answer, error) {
	// The text is short, and its hash is the ETag, so it is rendered even for a
	// 304.
	ans := &answer{omitEnvelope: true}
	text := ""
	if req.Format == request.FormatHTML {
		text, ans.contentSecurityPolicy = l.renderHomePage(), pageSecurityPolicy(homeHTML)
	} else {
		text = l.renderHomeText()
	}
	ans.etag = etag.Make("index", text)
	ans.render = func(context.Context, []byte) (*body, error) { return &body{bytes: []byte(text)}, nil }
	return ans, nil
}

// renderHomeText lists the routes with an example that works, for curl.
func (l *Lookup) renderHomeText() string {
	var b strings.Builder
	b.WriteString("Community images of E-HPC, version " + strconv.Quote(l.service.version) + "\n")
	for _, rt := range l.service.routes {
		b.WriteString("\n" + rt.Pattern + "\n    " + rt.About + "\n")
		if rt.Example != "" {
			b.WriteString("    " + rt.Pattern + "?" + l.parser.ExampleQuery(rt.Route) + "\n")
		}
	}
	return b.String()
}

// renderHomePage fills in the page. Everything that is filled in is escaped, or
// comes from this program.
func (l *Lookup) renderHomePage() string {
	var regions, statuses, routes strings.Builder
	for _, name := range l.Regions {
		regions.WriteString("<option>" + html.EscapeString(name))
	}
	if f := l.parser.Schema.FieldNamed("Status"); f != nil { // it may be redacted
		statuses.WriteString("<option>" + strings.Join(f.Enum, "<option>"))
	}
	link := func(to string) string {
		to = html.EscapeString(to)
		return `<a href="` + to + `"><code>` + to + "</code></a>"
	}
	for _, rt := range l.service.routes {
		name := "<code>" + rt.Pattern + "</code>"
		if rt.Example == "" && !strings.Contains(rt.Pattern, "{") { // others do not work without parameters
			name = link(rt.Pattern)
		}
		routes.WriteString("<dt>" + name + "<dd>" + html.EscapeString(rt.About))
		if rt.Example != "" {
			routes.WriteString(" For example " + link(rt.Pattern+"?"+l.parser.ExampleQuery(rt.Route)))
		}
		routes.WriteByte('\n')
	}
	token := ""
	if l.service.requiresToken() {
		token = `<label>Token <input name="token" type="password" autocomplete="off"></label>` + "\n"
	}
	fill := strings.NewReplacer("{token}", token, "{version}", html.EscapeString(l.service.version),
		"{regions}", regions.String(), "{statuses}", statuses.String(), "{routes}", routes.String())
	return fill.Replace(homeHTML)
}

// pageSecurityPolicy returns a Content-Security-Policy that allows the script
// and the style of a page, by their hashes, and requests to this service.
// Nothing else is loaded, run, framed or sent.
func pageSecurityPolicy(page string) string {
	// A browser hashes the text between the tags, byte for byte. The page is
	// compiled in, so placeholders must stand outside of both elements.
	hash := func(element string) string {
		_, rest, _ := strings.Cut(page, "<"+element+">")
		inner, _, _ := strings.Cut(rest, "</"+element+">")
		sum := sha256.Sum256([]byte(inner))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; script-src " + hash("script") + "; style-src " + hash("style") +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
