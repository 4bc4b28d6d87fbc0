// Package alias has the aliases that an operator defines: names for lookups. It reads the
// file in which they are defined, and says what changed since a commit of the log.
//
// Lookups use the definitions that a commit has, never the file. Package query/aliases finds
// the image of an alias.
package alias
