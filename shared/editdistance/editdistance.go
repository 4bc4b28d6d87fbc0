// Package editdistance measures slips of the keyboard, for hints such as "did you
// mean": how many letters one word is away from another.
package editdistance

// Distance counts the insertions, deletions, replacements and swaps of
// neighbours that lead from a to b, by bytes (optimal string alignment).
func Distance(a, b string) int {
	// Row i holds the distances of a[:i] from every b[:j]. Only three rows are
	// needed: a swap looks back two.
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	var beforeThat []int
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		beforeThat, before, row = before, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			// Delete a letter of a, insert one of b, or replace one.
			row[j] = min(before[j]+1, row[j-1]+1, before[j-1]+cost)
			// Or swap the last two.
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], beforeThat[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
