package access

import "strings"

// name says whether s has 1 to most characters of A-Z a-z 0-9 . _ - and is
// neither . nor .., as the parts of object keys.
func name(s string, most int) bool {
	return s != "" && len(s) <= most && s != "." && s != ".." && !strings.ContainsFunc(s, notNameRune)
}

func notNameRune(r rune) bool { return r != '.' && r != '_' && notLabelRune(r) && (r < 'A' || r > 'Z') }

// region says whether s can be a region id: a label of a host name.
func region(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-' && !strings.ContainsFunc(s, notLabelRune)
}

func notLabelRune(r rune) bool {
	return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}
