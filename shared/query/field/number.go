package field

import (
	"cmp"
	"strconv"
	"strings"
)

// decimal is a decimal number of any size, exactly as it was written. A float64
// would make 9007199254740993 equal to 9007199254740992.
type decimal struct {
	isNegative bool   // false for zero
	digits     string // without zeros at either end; empty: zero
	exponent   int    // the value is 0.DIGITS times ten to this power
}

// ParseNumber reads a decimal number within ±1.8e308. strconv.ParseFloat alone
// would also accept hexadecimal numbers, underscores, infinity and NaN.
func ParseNumber(s string) (n decimal, ok bool) {
	// ParseFloat knows the grammar, and refuses what is out of bounds.
	if _, err := strconv.ParseFloat(s, 64); err != nil || strings.Trim(s, "0123456789.eE+-") != "" {
		return decimal{}, false
	}
	mantissa, power := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		// The exponent of 0e99999999999999999999 does not matter. That of 1e-…
		// does: such numbers would all be equal.
		var err error
		if power, err = strconv.Atoi(s[i+1:]); err != nil && strings.Trim(mantissa, "+-.0") != "" {
			return decimal{}, false
		}
	}
	unsigned, isNegative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(unsigned, "+"), ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	n = decimal{isNegative: isNegative, exponent: len(digits) - len(fraction) + power}
	if n.digits = strings.TrimRight(digits, "0"); n.digits == "" {
		return decimal{}, true // there is no -0
	}
	return n, true
}

// String returns the one text of a number: 40 for 40.0 and 4e1. Outside of 1e-6
// to 1e21, where an exponent is shorter, it is like 1.5e+21 and 1e-07.
func (n decimal) String() string {
	sign := ""
	if n.isNegative {
		sign = "-"
	}
	count := len(n.digits)
	switch {
	case count == 0:
		return "0"
	case n.exponent < -5 || n.exponent > 21:
		return sign + n.scientific()
	case n.exponent <= 0:
		return sign + "0." + strings.Repeat("0", -n.exponent) + n.digits
	case n.exponent < count:
		return sign + n.digits[:n.exponent] + "." + n.digits[n.exponent:]
	}
	return sign + n.digits + strings.Repeat("0", n.exponent-count)
}

// scientific returns a number without its sign as one digit, the others after a
// point, and an exponent of at least two digits.
func (n decimal) scientific() string {
	text := n.digits[:1]
	if len(n.digits) > 1 {
		text += "." + n.digits[1:]
	}
	power, sign := n.exponent-1, "+"
	if power < 0 {
		power, sign = -power, "-"
	}
	if power < 10 {
		sign += "0"
	}
	return text + "e" + sign + strconv.Itoa(power)
}

// compareNumbers compares two texts that ParseNumber accepts by their values.
func compareNumbers(a, b string) int {
	x, _ := ParseNumber(a)
	y, _ := ParseNumber(b)
	if c := cmp.Compare(x.sign(), y.sign()); c != 0 {
		return c
	}
	// Of equal sign: digits compare as text, because they begin at the same place
	// if the exponents are equal.
	c := cmp.Or(cmp.Compare(x.exponent, y.exponent), strings.Compare(x.digits, y.digits))
	if x.isNegative {
		return -c
	}
	return c
}

// sign returns -1, 0 or 1.
func (n decimal) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.isNegative:
		return -1
	}
	return 1
}
