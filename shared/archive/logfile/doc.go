// Package logfile reads the files of the commit log: line by line, and commit by commit.
//
// A reader holds no more of a file in memory than a piece and a line, whatever the size of
// the file. It returns a commit only if it follows the one before. Lines that count for
// nobody are skipped, and a corrupt file is a *format.DamagedError.
package logfile
