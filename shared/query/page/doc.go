// Package page makes the HTML pages of the data routes: for people, complete without
// JavaScript. An address with format=html shows the same data as with format=json.
//
// A page is a function that makes HTML from the answers of lookups (pages.go lists them).
// The first answer is that of the page's own address. The others are of Questions, lookups
// that the page needs besides. The caller's grant decides what they find, so a page cannot
// show more than the JSON.
//
// HTML is made with gomponents. It escapes every text and attribute, so texts of E-HPC stay
// texts. html/template would do so too, but its use of reflection keeps the linker from
// leaving out unused methods: the code package would be 1 MB larger.
//
// Scripts and styles are separate files (assets.go) under a strict Content-Security-Policy:
// pages have no style attributes and no event handlers.
//
// What is added where:
//
//   - a page: pages.go, a file of its own, and the format in request/routes.go
//   - a text: write it in English with Input.T; the Chinese text goes to language/chinese.go
//   - a style or a script: the folder assets
package page
