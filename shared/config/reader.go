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

// reader reads one setting after the other and collects the faults. A method
// that finds a fault returns the default, so that reading goes on.
type reader struct {
	lookup Lookup
	faults []error
}

func (r *reader) err() error { return errors.Join(r.faults...) }

func (r *reader) fault(name, value, reason, allowed string) {
	r.faults = append(r.faults, &Error{Setting: name, Value: value, Reason: reason, Allowed: allowed})
}

// get returns a setting without the spaces around it. Empty is absent.
func (r *reader) get(name string) (string, bool) {
	value, _ := r.lookup(name)
	value = strings.TrimSpace(value)
	return value, value != ""
}

// required reports a setting that has neither a value nor a default. A value
// that was refused has its own fault already.
func (r *reader) required(name, value, allowed string) string {
	if _, set := r.get(name); value == "" && !set {
		r.fault(name, "", "is not set", allowed)
	}
	return value
}

// secrets reads a setting whose value is never part of a fault. What parse
// joins becomes one fault each.
func secrets[T any](r *reader, name string, parse func(string) (T, error)) T {
	var none T
	text, ok := r.get(name)
	if !ok {
		return none
	}
	v, err := parse(text)
	if err != nil {
		for reason := range strings.Lines(err.Error()) {
			r.fault(name, "", strings.TrimSpace(reason), "")
		}
		return none
	}
	return v
}

func (r *reader) bool(name string, def bool) bool {
	text, ok := r.get(name)
	if !ok {
		return def
	}
	v, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		r.fault(name, text, "is not a yes or no", "true, false")
		return def
	}
	return v
}

func (r *reader) int(name string, def, least, most int) int {
	text, ok := r.get(name)
	if !ok {
		return def
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		r.fault(name, text, "is not a whole number in its range", fmt.Sprintf("%d to %d", least, most))
		return def
	}
	return v
}

func (r *reader) float(name string, def, least, most float64) float64 {
	text, ok := r.get(name)
	if !ok {
		return def
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v < least || v > most {
		r.fault(name, text, "is not a number in its range", fmt.Sprintf("%v to %.0f", least, most))
		return def
	}
	return v
}

func (r *reader) duration(name string, def, least, most time.Duration) time.Duration {
	text, ok := r.get(name)
	if !ok {
		return def
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < least || v > most {
		r.fault(name, text, "is not a duration in its range", fmt.Sprintf("%s to %s, written like 90s, 5m or 1h30m", short(least), short(most)))
		return def
	}
	return v
}

// short writes a duration without zero units: 24h, not 24h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (r *reader) level(name string) zapcore.Level {
	levels := []string{"debug", "info", "warn", "error"}
	text, ok := r.get(name)
	if !ok {
		return zapcore.InfoLevel
	}
	level, err := zapcore.ParseLevel(strings.ToLower(text))
	if err != nil || !slices.Contains(levels, level.String()) {
		r.fault(name, text, "is not a log level", strings.Join(levels, ", "))
		return zapcore.InfoLevel
	}
	return level
}

// list splits a comma list. It returns nil if the setting is absent or has an
// empty element, which is a fault.
func (r *reader) list(name, allowed string) []string {
	text, ok := r.get(name)
	if !ok {
		return nil
	}
	var list []string
	for element := range strings.SplitSeq(text, ",") {
		element = strings.TrimSpace(element)
		if element == "" {
			r.fault(name, text, "has an empty element", allowed)
			return nil
		}
		if !slices.Contains(list, element) {
			list = append(list, element)
		}
	}
	return list
}

// among is a list of some of the given values, in any case.
func (r *reader) among(name string, values ...string) []string {
	allowed := "a comma list of " + strings.Join(values, ", ")
	var chosen []string
	for _, element := range r.list(name, allowed) {
		i := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, element) })
		switch {
		case i < 0:
			r.fault(name, element, "is not one of the values", allowed)
		case !slices.Contains(chosen, values[i]):
			chosen = append(chosen, values[i])
		}
	}
	return chosen
}
