package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestBearerConfig: Function Compute documents 1 to 20 tokens of 32 to 128 characters.
func TestBearerConfig(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("t", n) }
	one := func(name, data string) string {
		return fmt.Sprintf(`{"tokens":[{"tokenName":%q,"tokenData":%q,"enable":true}]}`, name, data)
	}
	many := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"tokenName":"n%d","tokenData":"%032d","enable":true}`, i, i))
		}
		return `{"tokens":[` + strings.Join(list, ",") + `]}`
	}
	const form = "is not a JSON object like"
	for text, want := range map[string]string{
		one("ci", long(32)):             "",
		one("_ci-1", long(128)):         "",
		one("ci", "+/=~.-Aa0"+long(30)): "",
		many(20):                        "",
		many(21):                        "has 21 tokens; bearer takes 1 to 20",
		`{"tokens":[]}`:                 "has 0 tokens",
		`{}`:                            "has 0 tokens",
		one("ci", long(31)):             "tokenData 1 must be 32 to 128 characters",
		one("ci", long(129)):            "tokenData 1 must be",
		one("ci", "ci_"+long(38)):       "a token of scripts/token has a _",
		one("1ci", long(32)):            "tokenName 1 must be",
		one("", long(32)):               "tokenName 1 must be",
		one(long(129), long(32)):        "tokenName 1 must be",
		`{"tokens":[` + entry("a", long(32)) + `,` + entry("a", long(33)) + `]}`: "tokenName 2 is that of an earlier token",
		`{"tokens":[` + entry("a", long(32)) + `,` + entry("b", long(32)) + `]}`: "tokenData 2 is that of an earlier token",
		`{"tokens":[{"tokenName":"a","tokenData":"` + long(32) + `"}]}`:          "enables no token",
		`[]`:                     form,
		`{"token":[]}`:           form,
		many(1) + `x`:            form,
		`{"tokens":"` + long(40): form,
	} {
		got := strings.Join(bearerProblems(text), "\n")
		if (got == "") != (want == "") || !strings.Contains(got, want) || strings.Contains(got, long(20)) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// entry returns an enabled token of the configuration.
func entry(name, data string) string {
	return fmt.Sprintf(`{"tokenName":%q,"tokenData":%q,"enable":true}`, name, data)
}
