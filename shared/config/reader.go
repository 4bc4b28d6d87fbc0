package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// settingReader reads one setting after the other and collects the faults. After
// a fault, a method returns the default, so that reading goes on.
type settingReader struct {
	// lookup is the environment.
	lookup Lookup
	// faults are *Error values in the order in which the settings are read.
	faults []error
}

// joinedFaults returns all faults as one error.
func (r *settingReader) joinedFaults() error { return errors.Join(r.faults...) }

// addFault adds a fault of a setting.
func (r *settingReader) addFault(name, value, reason, allowed string) {
	r.faults = append(r.faults, &Error{Setting: name, Value: value, Reason: reason, Allowed: allowed})
}

// lookupSetting returns a setting without surrounding spaces. ok is false if it
// is absent or empty.
func (r *settingReader) lookupSetting(name string) (string, bool) {
	// Spaces at the ends are slips of copying.
	value, _ := r.lookup(name)
	value = strings.TrimSpace(value)
	return value, value != ""
}

// requireValue reports a setting that has neither a value nor a default. A
// refused value has its own fault already.
func (r *settingReader) requireValue(name, value, allowed string) string {
	if _, set := r.lookupSetting(name); value == "" && !set {
		r.addFault(name, "", "is not set", allowed)
	}
	return value
}

// readSecrets parses a setting whose value must not be part of a fault. Each
// error that parse joins becomes one fault.
func readSecrets[T any](r *settingReader, name string, parse func(string) (T, error)) T {
	var none T
	text, ok := r.lookupSetting(name)
	if !ok {
		return none
	}
	v, err := parse(text)
	if err != nil {
		// parse joins its errors by line ends.
		for reason := range strings.Lines(err.Error()) {
			r.addFault(name, "", strings.TrimSpace(reason), "")
		}
		return none
	}
	return v
}

// readBool reads true or false; def is the default.
func (r *settingReader) readBool(name string, def bool) bool {
	text, ok := r.lookupSetting(name)
	if !ok {
		return def
	}
	v, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		r.addFault(name, text, "must be true or false", "")
		return def
	}
	return v
}

// readInt reads an integer from least to most.
func (r *settingReader) readInt(name string, def, least, most int) int {
	text, ok := r.lookupSetting(name)
	if !ok {
		return def
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		r.addFault(name, text, "is not a whole number in its range", fmt.Sprintf("%d to %d", least, most))
		return def
	}
	return v
}

// readFloat reads a number from least to most.
func (r *settingReader) readFloat(name string, def, least, most float64) float64 {
	text, ok := r.lookupSetting(name)
	if !ok {
		return def
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v < least || v > most {
		r.addFault(name, text, "is not a number in its range", fmt.Sprintf("%v to %.0f", least, most))
		return def
	}
	return v
}

// readDuration reads a duration from least to most.
func (r *settingReader) readDuration(name string, def, least, most time.Duration) time.Duration {
	text, ok := r.lookupSetting(name)
	if !ok {
		return def
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < least || v > most {
		r.addFault(name, text, "is not a duration in its range",
			fmt.Sprintf("%s to %s, written like 90s, 5m or 1h30m", formatDuration(least), formatDuration(most)))
		return def
	}
	return v
}

// formatDuration formats a duration without zero units, for example 24h instead
// of 24h0m0s.
func formatDuration(d time.Duration) string {
	text := d.String()
	// Only a zero after another unit: "0s" itself stays.
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// readLogLevel reads a log level; the default is info.
func (r *settingReader) readLogLevel(name string) zapcore.Level {
	// zap has more levels, for example "fatal"; they would hide errors.
	levels := []string{"debug", "info", "warn", "error"}
	text, ok := r.lookupSetting(name)
	if !ok {
		return zapcore.InfoLevel
	}
	level, err := zapcore.ParseLevel(strings.ToLower(text))
	if err != nil || !slices.Contains(levels, level.String()) {
		r.addFault(name, text, "is not a log level", strings.Join(levels, ", "))
		return zapcore.InfoLevel
	}
	return level
}

// readList splits a comma list and removes repeated elements. It returns nil if
// the setting is absent or has an empty element, which is a fault.
func (r *settingReader) readList(name, allowed string) []string {
	text, ok := r.lookupSetting(name)
	if !ok {
		return nil
	}
	var list []string
	for element := range strings.SplitSeq(text, ",") {
		element = strings.TrimSpace(element)
		if element == "" {
			r.addFault(name, text, "has an empty element", allowed)
			return nil
		}
		// A repeated element changes nothing, so it is no fault.
		if !slices.Contains(list, element) {
			list = append(list, element)
		}
	}
	return list
}

// readChoices reads a comma list of some of the given values, in any case.
func (r *settingReader) readChoices(name string, values ...string) []string {
	allowed := "a comma list of " + strings.Join(values, ", ")
	var chosen []string
	for _, element := range r.readList(name, allowed) {
		// Return the canonical spelling whatever the case that was given.
		i := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, element) })
		switch {
		case i < 0:
			r.addFault(name, element, "is not one of the values", allowed)
		case !slices.Contains(chosen, values[i]):
			chosen = append(chosen, values[i])
		}
	}
	return chosen
}
