package config

import "fmt"

// Error is one fault of one setting.
type Error struct {
	Setting string // its name
	Value   string // empty if it is not set, or a secret
	Reason  string // continues "Setting=Value "
	Allowed string // empty if the reason says it
}

// Error returns the setting, its value, the reason and what is allowed.
func (e *Error) Error() string {
	text := e.Setting
	if e.Value != "" {
		text += fmt.Sprintf("=%q", shorten(e.Value))
	}
	text += ": " + e.Reason
	if e.Allowed != "" {
		text += "; allowed: " + e.Allowed
	}
	return text
}

// shorten cuts a value, in case a whole file was pasted into a setting.
func shorten(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
