package filter_test

import (
	"strings"
	"testing"

	"community-images/shared/query/field"
	"community-images/shared/query/filter"
)

// newPredicate makes the condition that a parameter such as "Size__gt" makes of operands.
func newPredicate(t *testing.T, param string, operands ...string) (filter.Predicate, error) {
	t.Helper()
	name, operator, _ := strings.Cut(param, "__")
	f := field.NewSchema(nil).FieldNamed(name)
	op, ignoreCase := filter.FindOperator(f.Kind, operator)
	if op == nil {
		t.Fatalf("%s: %s has no such operator", param, name)
	}
	return filter.New(f, op, ignoreCase, operands)
}

// TestOperandsThatAreRefused: each error says what to write instead.
func TestOperandsThatAreRefused(t *testing.T) {
	t.Parallel()
	const tooLarge = "(.*){300}"
	for _, row := range []struct {
		param    string
		operands []string
		says     string
	}{
		{"Size__eq", []string{""}, "must not be empty. For images without a value use Size__exists=false"},
		{"Status__eq", []string{"Available", ""}, `has an empty value between commas: "Available,"`},
		{"Size__gt", []string{"1", "2"}, `takes one value, got "1,2"; it may have been given twice`},
		{"Size__gt", []string{"40 GiB"}, `value "40 GiB" is not allowed`},
		{"Size__exists", []string{"yes"}, `value "yes" is not allowed`},
		{"OsTag.Version__gte", []string{"latest"}, `must be a version with a digit, got "latest"`},
		{"ImageName__eq", []string{"*centos*"},
			"compares whole values, and none has a *. Use ImageName__iglob=*centos*"},
		{"Status__eq", []string{"A*"}, "compares whole values, and none has a *. Use Status__glob=A*"},
		{"ImageName__eq", []string{"*"}, "compares whole values, and none has a *. Use ImageName__exists=true"},
		{"ImageName__ieq", []string{"*OS*"}, "compares whole values, and none has a *. Use ImageName__iglob=*OS*"},
		{"ImageName__ne", []string{"*centos*"}, "compares whole values, and none has a *"},
		{"ImageName__regex", []string{"a("}, "is not an RE2 expression: missing closing ): `a(`"},
		{"ImageName__regex", []string{"(a{1000}){1000}"}, "is not an RE2 expression: invalid repeat count: `{1000}`"},
		{"ImageName__regex", []string{"((.*){900})(.*){900}"},
			"is too large an expression. Use fewer or smaller repetitions"},
		{"ImageName__regex", []string{tooLarge, tooLarge, tooLarge, tooLarge, tooLarge, tooLarge, tooLarge, tooLarge,
			tooLarge, tooLarge, tooLarge, tooLarge, tooLarge, tooLarge}, filter.ErrTotalCost.Error()},
		{"ImageName__glob", []string{"[z-a]"}, `has the range "z-a", whose end is before its start`},
		{"ImageName__glob", []string{strings.Repeat("?", 513)}, "has 513 bytes; the limit is 512"},
	} {
		if _, err := newPredicate(t, row.param, row.operands...); err == nil || err.Error() != row.says {
			t.Errorf("%s=%s: %v, want %q", row.param, strings.Join(row.operands, ","), err, row.says)
		}
	}
}

// TestOperators: what each operator holds for. An image without a value has the value "".
func TestOperators(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		param, operands string // with commas
		holds, fails    []string
	}{
		{"ImageName__eq", "a,b", []string{"a", "b"}, []string{"", "A", "ab", "a,b"}},
		{"ImageName__ne", "a,b", []string{"", "A", "ab"}, []string{"a", "b"}},
		{"ImageName__ieq", "É", []string{"é", "É"}, []string{"", "e"}},
		{"ImageName__ine", "A", []string{"", "b"}, []string{"a", "A"}},
		{"ImageName__prefix", "ce", []string{"ce", "centos"}, []string{"", "Centos", "xce"}},
		{"ImageName__isuffix", "OS", []string{"centos", "OS"}, []string{"", "os7"}},
		{"ImageName__icontains", "Nt,7", []string{"CENTOS", "7"}, []string{"", "n t"}},
		{"ImageId__eq", "m-*", []string{"m-*"}, []string{"m-1"}}, // ids can have a star

		// Only ne and exists=false hold for images without a value.
		{"ImageName__exists", "true", []string{"a"}, []string{""}},
		{"ImageName__exists", "FALSE", []string{""}, []string{"a"}},
		{"ImageName__glob", "*", []string{"a", "a\nb"}, []string{""}},
		{"ImageName__regex", ".*", []string{"a"}, []string{"", "a\nb"}},
		{"Size__lt", "5", []string{"4.99", "-1"}, []string{"", "5"}},

		// Patterns match whole values.
		{"ImageName__glob", "c?n[!a-s]*", []string{"cent", "céntos"}, []string{"CENTOS", "cena", "xcent"}},
		{"ImageName__iglob", "cent[A-Z]s", []string{"CENTOS", "centos"}, []string{"cent0s"}},
		{"ImageName__glob", "a[]b", []string{"a[]b"}, []string{"a]", "ab"}}, // an open bracket stands for itself
		{"ImageName__glob", "a[]-]", []string{"a]", "a-"}, []string{"a[]-]"}},
		{"ImageName__glob", "1.(2)", []string{"1.(2)"}, []string{"1x2"}},
		{"ImageName__regex", "a|ab", []string{"a", "ab"}, []string{"abc", "ba"}},
		{"ImageName__iregex", "cent(os|OS)", []string{"CentOS"}, []string{"centos7"}},
		{"ImageName__regex", `\Qa.`, []string{"a."}, []string{"ab", "a.)"}}, // an open quote ends with the value

		// Numbers compare by value, versions as people count, times by the instant.
		{"Size__eq", "40", []string{"40", "40.0", "4e1"}, []string{"", "40.1"}},
		{"Size__ne", "40", []string{"", "41"}, []string{"40.00"}},
		{"Size__gte", "40", []string{"40", "100"}, []string{"", "9"}},
		{"OsTag.Version__gt", "7.9", []string{"7.10", "22.04"}, []string{"", "7.9", "7.2"}},
		{"OsTag.Version__lte", "7.9", []string{"7.9", "7"}, []string{"", "7.10"}},
		{"OsTag.Version__eq", "7", []string{"7"}, []string{"7.0", "7.9"}}, // eq compares the text
		{"FirstSeen__lt", "2026-11-02T00:00:00.000Z", []string{"2026-11-01T23:59:59.999Z"},
			[]string{"", "2026-11-02T00:00:00.000Z"}},
	} {
		p, err := newPredicate(t, row.param, strings.Split(row.operands, ",")...)
		if err != nil {
			t.Errorf("%s=%s: %v", row.param, row.operands, err)
			continue
		}
		for _, value := range row.holds {
			if !p.Test(value) {
				t.Errorf("%s=%s does not hold for %q", row.param, row.operands, value)
			}
		}
		for _, value := range row.fails {
			if p.Test(value) {
				t.Errorf("%s=%s holds for %q", row.param, row.operands, value)
			}
		}
	}
}

// TestOperatorNames: numbers and times have no operators for texts, and no case to ignore.
func TestOperatorNames(t *testing.T) {
	t.Parallel()
	for kind, want := range map[field.FieldKind]string{
		field.TextKind: "eq ieq ne ine prefix iprefix suffix isuffix contains icontains glob iglob regex iregex " +
			"exists gt gte lt lte",
		field.NumberKind: "eq ne exists gt gte lt lte",
		field.TimeKind:   "eq ne exists gt gte lt lte",
	} {
		names := filter.OperatorNames(kind)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("a field of kind %d has %s, want %s", kind, got, want)
		}
		for _, name := range names {
			if op, ignoreCase := filter.FindOperator(kind, name); op == nil || ignoreCase != ("i"+op.Name == name) {
				t.Errorf("kind %d: %s finds %v, ignoring case: %t", kind, name, op, ignoreCase)
			}
		}
		for _, name := range []string{"", "i", "igt", "iexists", "EQ", "like"} {
			if op, _ := filter.FindOperator(kind, name); op != nil {
				t.Errorf("kind %d: %q finds %s", kind, name, op.Name)
			}
		}
	}
	if op, _ := filter.FindOperator(field.NumberKind, "prefix"); op != nil {
		t.Error("numbers have prefix")
	}
}

// TestCost: what takes long to match costs more, and plain comparisons cost nothing.
func TestCost(t *testing.T) {
	t.Parallel()
	costs := map[string]int{}
	for _, operand := range []string{"a", "a*", "*a*b*c*"} {
		p, err := newPredicate(t, "ImageName__glob", operand)
		if err != nil {
			t.Fatal(err)
		}
		costs[operand] = p.Cost
	}
	if !(0 < costs["a"] && costs["a"] < costs["a*"] && costs["a*"] < costs["*a*b*c*"]) {
		t.Errorf("the costs are %v", costs)
	}
	if p, err := newPredicate(t, "ImageName__icontains", "a", "b"); err != nil || p.Cost != 0 {
		t.Errorf("icontains costs %d (%v)", p.Cost, err)
	}
	// Ranges beyond ASCII are looked up in all cases while they are parsed.
	p, err := newPredicate(t, "ImageName__iglob", "[a-é]")
	if err != nil || p.SetupCost != filter.MaxTotalCost/4 {
		t.Errorf("a range without regard to case takes %d to make (%v)", p.SetupCost, err)
	}
}
