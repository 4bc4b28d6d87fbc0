package format

// parseAscending parses ascending numbers below limit, separated by commas. ok is false if
// text is anything else. It exists because an index, or a commit, has up to a million such
// numbers: reading them one by one with a scanner takes ten times as long.
func parseAscending[N int | int32, T string | []byte](text T, limit int) (list []N, ok bool) {
	if len(text) == 0 {
		return nil, true
	}
	commas := 0
	for i := range len(text) {
		if text[i] == ',' {
			commas++
		}
	}
	list = make([]N, 0, commas+1)
	last := -1
	for i := 0; i <= len(text); i++ { // a comma or the end of the text ends a number
		number, start := 0, i
		for ; i < len(text) && text[i] != ','; i++ {
			digit := text[i] - '0'
			if number = number*10 + int(digit); digit > 9 || number >= limit {
				return nil, false
			}
		}
		if number <= last || i == start {
			return nil, false
		}
		list = append(list, N(number))
		last = number
	}
	return list, true
}
