// Package alias has the definitions of aliases. An alias is a name that the operator gives to
// parameters of /v1/images, its lookup, or for a time to one image, its pin.
//
// The package reads aliases.json, in which the operator defines them, and says what differs
// from the definitions of the last commit. A run commits that. The query function uses committed
// definitions only, never the file, so an alias has a past. Package query/aliases finds the
// image of an alias.
package alias
