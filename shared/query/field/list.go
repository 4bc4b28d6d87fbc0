package field

import (
	"strings"
)

// SplitList splits a list at its commas. "\," is a comma inside a value. Before
// a comma and at the end of a value "\\" is a backslash. Anywhere else a
// backslash stands for itself, because regular expressions have many.
func SplitList(s string) []string {
	// Most lists have no escapes.
	if !strings.Contains(s, `\`) {
		return strings.Split(s, ",")
	}
	var list []string
	var b strings.Builder // the value that is being read
	for i := 0; i < len(s); i++ {
		if s[i] == ',' {
			list = append(list, b.String())
			b.Reset()
			continue
		}
		run := countBackslashes(s[i:])
		if run == 0 {
			b.WriteByte(s[i])
			continue
		}
		// end is the place after the backslashes. What is there decides what
		// they mean.
		end := i + run
		i = end - 1
		switch {
		// Before other characters backslashes stand for themselves.
		case end < len(s) && s[end] != ',':
			b.WriteString(s[end-run : end])
		// Pairs before a comma or the end stand for one backslash each.
		case run%2 == 0:
			b.WriteString(s[end-run/2 : end])
		case end == len(s): // the last one escapes nothing
			b.WriteString(s[end-run/2-1 : end])
		// The last of an odd number escapes the comma.
		default:
			b.WriteString(s[end-run/2:end] + ",")
			i = end
		}
	}
	return append(list, b.String())
}

// JoinList writes values so that SplitList returns them.
func JoinList(values []string) string {
	var b strings.Builder
	for n, v := range values {
		if n > 0 {
			b.WriteByte(',')
		}
		for i := 0; i < len(v); i++ {
			run := countBackslashes(v[i:])
			end := i + run
			switch {
			case run > 0:
				b.WriteString(v[i:end])
				// Here backslashes have a meaning, so each is written twice.
				if end == len(v) || v[end] == ',' {
					b.WriteString(v[i:end])
				}
				i = end - 1
			case v[i] == ',':
				b.WriteString(`\,`)
			default:
				b.WriteByte(v[i])
			}
		}
	}
	return b.String()
}

// countBackslashes counts the backslashes at the start of s.
func countBackslashes(s string) int { return len(s) - len(strings.TrimLeft(s, `\`)) }
