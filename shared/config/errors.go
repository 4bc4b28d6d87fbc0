package config

import "fmt"

// Error is one fault of one setting.
type Error struct {
	Setting string // its name
	Value   string // empty if it is not set, or a secret
	Reason  string // continues "Setting=Value "
	Allowed string // empty if the reason says it
}

func (e *Error) Error() string {
	text := e.Setting
	if e.Value != "" {
		text += fmt.Sprintf("=%q", clip(e.Value))
	}
	text += ": " + e.Reason
	if e.Allowed != "" {
		text += "; allowed: " + e.Allowed
	}
	return text
}

// clip keeps an error readable if somebody pastes a file into a setting.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
