package access

import "strings"

// isName reports whether s has 1 to most characters of A-Z a-z 0-9 . _ - and is
// neither "." nor "..". Such names may be parts of object keys.
func isName(s string, most int) bool {
	return s != "" && len(s) <= most && s != "." && s != ".." && !strings.ContainsFunc(s, notNameRune)
}

// notNameRune reports whether a name must not have a character.
func notNameRune(r rune) bool { return r != '.' && r != '_' && notLabelRune(r) && (r < 'A' || r > 'Z') }

// isRegionID reports whether s can be a region id: a label of a host name.
func isRegionID(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-' && !strings.ContainsFunc(s, notLabelRune)
}

// notLabelRune reports whether a label of a host name must not have a character.
func notLabelRune(r rune) bool {
	return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}
