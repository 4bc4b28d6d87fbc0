// Package field says what the fields of an image are: their names, how their values are
// read from what E-HPC sent, and how values are compared. A field that is added to the
// table in fields.go can be filtered, sorted, counted and shown. What E-HPC sends beside
// them is stored and shown too. Which columns a table has without fields= is a list of its
// own (ReadableColumns), and so is what q searches (search_text.go). The values of
// a derived field come from elsewhere: state.RegionDates has those that there are.
//
// It promises that two texts are equal after FoldCase exactly if (?i) would match them,
// and that versions have one total preorder.
package field
