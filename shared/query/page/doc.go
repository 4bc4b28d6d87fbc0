// Package page makes the HTML pages of the data routes: for people, complete without
// JavaScript. An address with format=html shows the same data as with format=json.
//
// A page is a function that makes HTML from the answers of lookups (pages.go lists them).
// The first answer is that of the page's own address. The others are those of subrequests,
// lookups that the page needs besides. Package query finds all of them with the GrantReader of
// the caller, so a page cannot show more than the JSON.
//
// The pages are made in the packages below this one. Each imports only those before it:
//
//   - language chooses the language, and has the Chinese texts
//   - ui has what all pages share: the document, links, tables, times
//   - images, history, aliases and fleet make the pages. fleet has those of clusters and regions
//
// This package finds the page of a route, and makes the pages that no route has: for errors
// and for signing in.
//
// HTML is made with gomponents. It escapes every text and attribute, so texts of E-HPC stay
// texts. html/template would do so too, but its use of reflection keeps the linker from
// leaving out unused methods: the code package would be 1 MB larger.
//
// Scripts and styles are separate files (ui/assets.go) under a strict Content-Security-Policy:
// pages have no style attributes and no event handlers.
//
// What is added where:
//
//   - a page: pages.go, a file in one of the packages, and the format in request/routes.go. The
//     function that serves the route sets response.Body.View, which becomes ui.Answer.Value
//   - a text in both languages: write the English one where it is shown, with Input.T (with
//     Input.N for a number; with message.New below this package). The Chinese one goes to the
//     language/chinese*.go of its subject. Messages to receivers have a table of their own:
//     shared/notify/message/text.go
//   - a part that several pages show: ui
//   - a style or a script: the folder ui/assets
package page
