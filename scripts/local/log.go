package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
)

// logFile stores every line that the functions print, and keeps the warnings
// until they are shown.
type logFile struct {
	// path names the file for a person.
	path string

	// mu guards what follows: both functions print at the same time.
	mu   sync.Mutex
	file *os.File
	// warnings are the formatted warnings and errors since takeWarnings.
	warnings []string
}

// openLog opens the file for appending, and makes it if it is missing. The lines
// of earlier runs stay.
func openLog(path string) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the functions' log: %w", err)
	}
	return &logFile{path: path, file: file}, nil
}

// close closes the file. Lines that come later are lost.
func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.file.Close()
}

// addLine stores a line of a function. Lines of the FC SDK are not JSON.
func (l *logFile) addLine(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// The file gets the line first, whatever it is.
	fmt.Fprintln(l.file, line)
	var entry map[string]any
	if json.Unmarshal([]byte(line), &entry) != nil {
		return
	}
	if level := entry["level"]; level == "warn" || level == "error" {
		l.warnings = append(l.warnings, formatEntry(entry))
	}
}

// formatEntry formats a log entry for a person: the message first, then the
// other fields.
func formatEntry(entry map[string]any) string {
	text := fmt.Sprintf("%v: %v: %v", entry["functionName"], entry["level"], entry["message"])
	for _, name := range slices.Sorted(maps.Keys(entry)) {
		// A person at a terminal has no use for these; the file has them.
		switch name {
		case "time", "functionName", "level", "message", "requestId", "upstreamRequestId", "stack":
		default:
			text += fmt.Sprintf(" %s=%q", name, fmt.Sprint(entry[name]))
		}
	}
	return strings.ToValidUTF8(text, "?")
}

// shownWarnings is the number of warnings that are shown in full.
const shownWarnings = 8

// takeWarnings returns the warnings since the last call, the first ones in full.
func (l *logFile) takeWarnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	shown := l.warnings
	if more := len(shown) - shownWarnings; more > 0 {
		shown = append(shown[:shownWarnings:shownWarnings], fmt.Sprintf("and %d more in %s", more, l.path))
	}
	l.warnings = nil
	return shown
}
