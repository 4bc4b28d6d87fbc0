package catalog

import "time"

// timeLayout has a fixed width, so that times compare as text in jq and DuckDB.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is an instant in UTC with millisecond precision, written with a fixed
// width. The zero Time is written as an empty string.
type Time struct{ time.Time }

// At rounds t down to milliseconds.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Millisecond)}
}

// String returns the stored form of t, which is empty for the zero Time.
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It accepts any RFC 3339
// time.
func (t *Time) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = Time{}
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return err
	}
	*t = At(parsed)
	return nil
}

// MarshalJSON implements json.Marshaler. It replaces the method of time.Time.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// UnmarshalJSON implements json.Unmarshaler. null leaves t unchanged.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	if len(data) < 2 || data[0] != '"' || data[len(data)-1] != '"' {
		return &time.ParseError{Layout: timeLayout, Value: string(data), Message: ": not a JSON string"}
	}
	return t.UnmarshalText(data[1 : len(data)-1])
}
