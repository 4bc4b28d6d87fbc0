package sqlitetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sqlConditions returns the WHERE clause of a lookup in a catalog with a number of commits,
// and its arguments.
func (l lookup) sqlConditions(commits int) (string, []any) {
	parts, args := []string{"true"}, []any{}
	for _, c := range l.conditions {
		var any []string
		for _, v := range c.values {
			text, n := c.sqlTest(v)
			any = append(any, text)
			for range n {
				if slices.Contains(dateFields, c.field) {
					args = append(args, parseInstant(v, commits))
					continue
				}
				args = append(args, c.sqlArgument(v))
			}
		}
		text := "(" + strings.Join(any, " OR ") + ")"
		if c.op == "ne" {
			text = "NOT coalesce(" + text + ", false)"
		}
		parts = append(parts, text)
	}
	for word := range strings.FieldsSeq(l.q) {
		parts = append(parts,
			`(instr(ulower(coalesce("ImageName", '')), ?1)
 OR instr(ulower(coalesce("Description", '')), ?1)
 OR instr(ulower("ImageId"), ?1)
 OR instr(ulower(coalesce("ProductCode", '')), ?1))`)
		parts[len(parts)-1] = strings.ReplaceAll(parts[len(parts)-1], "?1", "?")
		for range 4 {
			args = append(args, strings.ToLower(word))
		}
	}
	return " WHERE " + strings.Join(parts, " AND "), args
}

// sqlTest returns the SQL for one value, and how often it takes the value.
func (c condition) sqlTest(value string) (text string, n int) {
	column, place := fmt.Sprintf("%q", c.field), "?"
	if c.ignoresCase() && c.op != "regex" {
		column = "ulower(" + column + ")"
	}
	switch {
	case c.field == "Size":
		place = "CAST(? AS REAL)"
	case slices.Contains(versionFields, c.field) && slices.Contains(orderedOperators, c.op):
		column, place = "vkey("+column+")", "vkey(?)"
	}
	switch c.op {
	case "", "eq", "ne":
		return column + " = " + place, 1
	case "prefix":
		return fmt.Sprintf("substr(%s, 1, length(?)) = ?", column), 2
	case "suffix":
		return fmt.Sprintf("(length(%s) >= length(?) AND substr(%[1]s, -length(?)) = ?)", column), 3
	case "contains":
		return "instr(" + column + ", ?) > 0", 1
	case "glob":
		return column + " GLOB ?", 1
	case "regex":
		return "re2(?, " + column + ")", 1
	case "exists":
		if strings.EqualFold(value, "true") {
			return column + " IS NOT NULL", 0
		}
		return column + " IS NULL", 0
	}
	return column + map[string]string{"gt": " > ", "gte": " >= ", "lt": " < ", "lte": " <= "}[c.op] + place, 1
}

// sqlArgument returns a value as the SQL of sqlTest takes it.
func (c condition) sqlArgument(v string) any {
	switch {
	case c.op == "regex" && c.ignoresCase():
		return "(?i)" + v
	case c.op == "regex":
		return v
	case c.ignoresCase():
		v = strings.ToLower(v)
	}
	if c.op == "glob" {
		v = strings.ReplaceAll(v, "[!", "[^")
	}
	return v
}

// sqlOrder returns the sort keys. Images without a value come last; ties go by id and
// content.
func (l lookup) sqlOrder() string {
	keys := l.sort
	if keys == nil && l.latestBy != nil {
		keys = []sortBy{{"OsTag.Version", true}}
	}
	var parts []string
	for _, k := range keys {
		column := strconv.Quote(k.field)
		if slices.Contains(versionFields, k.field) {
			column = "vkey(" + column + ")"
		}
		if k.desc {
			column += " DESC"
		}
		parts = append(parts, column+" NULLS LAST")
	}
	return strings.Join(append(parts, `"ImageId"`, "doc"), ", ")
}

func columnList(fields []string) string {
	var list []string
	for _, f := range fields {
		list = append(list, strconv.Quote(f))
	}
	return strings.Join(list, ", ")
}
