package query

import (
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
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
		"＝1": "'＝1", "a=1": "a=1", "": "", "'=1": "'=1", "7.2": "7.2",
		" =1": "' =1", "\u00a0\u3000-1": "'\u00a0\u3000-1", "\x00\u200b=1": "'\x00\u200b=1", " a": " a",
		"\u202e": "\u202e", "\"=1\"": "\"=1\"",
	} {
		if got := escapeFormula(text, formulaStarts); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
