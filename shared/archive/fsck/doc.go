// Package fsck verifies a stored archive and repairs it.
//
// Verify reads everything that is stored of a region and says what breaks the rules. Repair
// rebuilds what is derived from the log: the head, the index and the indexes of months. It
// refuses a log that has lost commits. Rewriter makes a log that another tool has copied
// appendable again.
//
// Verify changes nothing. What the others change can be stopped at any moment, and done
// again. Runs and readers may go on beside Verify and Repair; a Rewriter wants all runs
// stopped.
package fsck
