package field

import (
	"cmp"
	"math/big"
	"testing"
)

// TestNumbersAreKeptAsWritten compares and shows numbers that a float64 cannot
// hold: neighbours differ, and every digit is shown.
func TestNumbersAreKeptAsWritten(t *testing.T) {
	t.Parallel()
	rising := [][]string{
		{"-1.7e308"}, {"-9223372036854775808", "-9223372036854775808.0"}, {"-1"}, {"-0.5", "-.5"}, {"-1e-400"},
		{"0", "-0", "0.0", "0e99999999999999999999", "+0"}, {"1e-400"}, {"0.1", ".1", "1e-1"},
		{"0.10000000000000000000001"}, {"1", "1.", "10e-1"}, {"9007199254740992"}, {"9007199254740993"},
		{"9223372036854775807", "9.223372036854775807e18"}, {"9223372036854775808"}, {"1e21"}, {"1.7e308"},
	}
	for i, line := range rising {
		for j, other := range rising {
			for _, a := range line {
				for _, b := range other {
					if got, want := compareNumbers(a, b), cmp.Compare(i, j); got != want {
						t.Errorf("compareNumbers(%s, %s) = %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
	for text, want := range map[string]string{
		"9007199254740993": "9007199254740993", "9223372036854775807": "9223372036854775807",
		"-9223372036854775808": "-9223372036854775808", "92233720368547758070e-1": "9223372036854775807",
		"123456789012345678901": "123456789012345678901", "1234567890123456789012": "1.234567890123456789012e+21",
		"0.000001": "0.000001", "0.00000012": "1.2e-07", "-1.50": "-1.5", "1e-99999999999999999999": "",
	} {
		got := ""
		if n, ok := ParseNumber(text); ok {
			got = n.String()
		}
		if got != want {
			t.Errorf("%s is shown as %q, want %q", text, got, want)
		}
	}
}

// FuzzNumbers compares numbers with big.Float, and reads what was written.
func FuzzNumbers(f *testing.F) {
	f.Add("40.0", "4e1")
	f.Add("-0.05e2", "+.5")
	f.Add("9007199254740993", "9007199254740992")
	f.Add("1e-6", "999e-9")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, isNumber := ParseNumber(a)
		y, isOther := ParseNumber(b)
		if !isNumber || !isOther || len(a)+len(b) > 60 {
			return
		}
		p, _, errA := big.ParseFloat(a, 10, 4000, big.ToNearestEven)
		q, _, errB := big.ParseFloat(b, 10, 4000, big.ToNearestEven)
		if errA != nil || errB != nil || p.IsInf() || q.IsInf() {
			return
		}
		if got := compareNumbers(a, b); got != p.Cmp(q) && p.MantExp(nil) > -1000 && q.MantExp(nil) > -1000 {
			t.Errorf("compareNumbers(%q, %q) = %d, want %d", a, b, got, p.Cmp(q))
		}
		if (x == y) != (x.String() == y.String()) {
			t.Errorf("%q and %q are shown as %q and %q", a, b, x, y)
		}
		if again, ok := ParseNumber(x.String()); !ok || again != x {
			t.Errorf("%q is shown as %q, which is read as %v", a, x, again)
		}
	})
}
