// Package imageset loads the image lists of scopes, merges them into a Set that has each
// content once, and filters, groups, sorts and counts the images of a Set.
//
// Lists are found by their digest, which proves their content. So a list or Set in memory
// is never out of date, and callers share them. Redacted fields are removed before a list
// is kept: nothing that reads a Set can show them.
package imageset
