// Package subscription reads notify.json: who is told what. README.md of package notify
// describes the file, and notify.schema.json beside it has its JSON schema.
//
// A file is read as a whole or not at all. The error names every fault with its path, the
// value and what is allowed. Values of Url and Secret are never part of it.
package subscription
