package render

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// TestCellsGiveATerminalNoCommands checks what becomes of control characters in a
// table and of formulas in a cell.
func TestCellsGiveATerminalNoCommands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\tb\r\nc": "a b  c", "\x1b[31mred": " [31mred", "\u009b31m": " 31m", "x\u202eexe.txt": "x exe.txt",
		"\u2066a\u2069": " a ", "深度 é": "深度 é", "a\u2028b": "a b", "\u200dz": "\u200dz",
	} {
		if got := replaceControls(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// TestFormulasAreGuarded checks that no part of a cell is run as a formula,
// whatever a spreadsheet splits at.
func TestFormulasAreGuarded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t'=1", "\r=1": "'\r'=1",
		"＝1": "'＝1", "a=1": "a=1", "": "", "'=1": "'=1", "7.2": "7.2",
		" =1": "' =1", "\u00a0\u3000-1": "'\u00a0\u3000-1", "\x00\u200b=1": "'\x00\u200b=1", " a": " a",
		"\u202e": "\u202e", "\"=1\"": "\"=1\"",
		"x;=1+1": "x;'=1+1", "a\t=1+1": "a\t'=1+1", "a\n@b": "a\n'@b", "a\r\n-b": "a\r\n'-b",
		"a; \u00a0+1;b;-2": "a;' \u00a0+1;b;'-2", "a;;=1": "a;;'=1", "a;\"=1\"": "a;'\"=1\"", "a;b\tc\nd": "a;b\tc\nd",
		"=a;=b;": "'=a;'=b;", "a,=1": "a,=1", ";": ";", "a\n\n-b": "a\n\n'-b",
	} {
		if got := guardFormulas(text, formulaStarts, ";\t\r\n"); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// FuzzCSV reads written rows with encoding/csv, and as a spreadsheet does that
// splits at other characters.
func FuzzCSV(f *testing.F) {
	f.Add("a", "x;=1+1")
	f.Add("", "\"\t-1\"")
	f.Add("a\r\n=b", " ,\"")
	f.Add("\ufeff=", "a;\u200b＝1")
	f.Fuzz(func(t *testing.T, a, b string) {
		var w csvWriter
		w.writeRow([]string{a, b})
		guarded := []string{guardFormulas(a, formulaStarts, ";\t\r\n"), guardFormulas(b, formulaStarts, ";\t\r\n")}
		for i := range guarded { // the reader's own rule
			guarded[i] = strings.ReplaceAll(guarded[i], "\r\n", "\n")
		}
		rows, err := csv.NewReader(bytes.NewReader(w.text)).ReadAll()
		if err != nil || len(rows) != 1 || !slices.Equal(rows[0], guarded) {
			t.Fatalf("%q is read as %q (%v), want %q", w.text, rows, err, guarded)
		}
		for _, part := range strings.FieldsFunc(strings.Join(guarded, ";"), func(r rune) bool {
			return strings.ContainsRune(";\t\r\n", r)
		}) {
			if first, ok := firstVisible(part); ok && strings.ContainsRune(formulaStarts, first) {
				t.Errorf("%q has the formula %q", w.text, part)
			}
		}
	})
}
