package hint

import (
	"slices"
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
)

const (
	// maxValues bounds the existing values that a hint lists.
	maxValues = 10
	// maxValueBytes bounds the same list as a header holds it, so that several hints
	// have room there.
	maxValueBytes = 200
	// maxTextBytes bounds one value or condition, in bytes.
	maxTextBytes = 60
)

// explainConditions says which conditions nothing meets, or how many images match
// without each of them. If all that is captured has no match either, it is about that.
func (f *finder) explainConditions() {
	set, matches, count, subject := f.Set, f.Matches, countImages, message.New("image of the selection")
	if f.captured != nil && (f.capturedMatches == 0 || f.captured == f.Set) {
		set, matches, count, subject = f.captured, f.capturedMatches, countCaptured, message.New("captured image")
	}
	counts := set.CountConditions(f.filter, matches)
	if set.Len() == 0 || len(counts) == 0 {
		return
	}
	isUnmet := func(c imageset.ConditionCount) bool { return c.Alone == 0 }
	if !slices.ContainsFunc(counts, isUnmet) {
		f.explainTogether(counts, count, subject)
		return
	}
	said := 0
	for _, c := range counts {
		// explainIDs is about ids.
		if !isUnmet(c) || c.Name == "ImageId" || said == maxItems {
			continue
		}
		said++
		unmet, suggestions := f.describeUnmet(c, set)
		sentences := append([]message.Text{message.New("No %s %s.", subject, unmet)}, suggestions...)
		// The other conditions are met by some images.
		if len(counts) > 1 && c.Without > 0 {
			sentences = append(sentences, message.New("%s without it.", count(c.Without)))
		}
		f.addText(message.Sentences(sentences...))
	}
}

// explainTogether says how many images match without one of the conditions, each of
// which is met by some. count counts images as subject names one.
func (f *finder) explainTogether(
	counts []imageset.ConditionCount, count func(int) message.Text, subject message.Text,
) {
	if len(counts) < 2 {
		return
	}
	left := slices.Clone(counts)
	for range maxItems {
		best := 0
		for i, c := range left {
			if c.Without > left[best].Without {
				best = i
			}
		}
		if left[best].Without <= f.Matches {
			break
		}
		f.add("%s without %s.", count(left[best].Without), f.describeParam(left[best].Name))
		left[best].Without = 0
	}
	if slices.Equal(left, counts) && f.Matches == 0 {
		f.add("Each condition alone matches, but no %s meets all of them.", subject)
	}
}

// describeUnmet completes "No image ..." for a condition that no image of a set meets. The
// suggestions are sentences.
func (f *finder) describeUnmet(
	c imageset.ConditionCount, set *imageset.Set,
) (unmet message.Text, suggestions []message.Text) {
	if c.Field == nil { // q
		words := set.MissingWords(f.filter)
		if len(words) == 0 {
			return message.New("contains all words of %s", f.describeParam(c.Name)), nil
		}
		return message.New("contains %s in its name, description, id or product code",
			quoteSome(f.wordsAsGiven(words))), nil
	}
	values := set.ExistingValues(c.Field, f.filter.Dates)
	name, op, _ := strings.Cut(c.Name, "__")
	switch {
	case len(values) == 0:
		return message.New("has a value for %s, so no condition on it can match", name), nil
	case op == "exists": // =false
		return message.New("lacks a value for %s", name), nil
	}
	unmet = message.New("matches %s", f.describeParam(c.Name))
	if looser := f.suggestOperator(c, op, set); !looser.IsEmpty() {
		return unmet, []message.Text{looser}
	}
	return unmet, f.suggestValues(c, op, values)
}

// wordsAsGiven returns words of q in the case that the caller wrote.
func (f *finder) wordsAsGiven(folded []string) []string {
	words := slices.Clone(folded)
	for _, given := range strings.Fields(strings.Join(f.Request.GivenValues("q"), " ")) {
		if i := slices.Index(words, field.FoldCase(given)); i >= 0 {
			words[i] = given
		}
	}
	return words
}

// suggestValues returns sentences about values that exist, for a condition that none of
// them meets.
func (f *finder) suggestValues(c imageset.ConditionCount, op string, values []string) []message.Text {
	switch op {
	case "gt", "gte", "lt", "lte":
		least := slices.MinFunc(values, c.Field.CompareValues)
		most := slices.MaxFunc(values, c.Field.CompareValues)
		if least == most {
			return []message.Text{message.New("The only value is %s.", quoteValue(least))}
		}
		return []message.Text{message.New("Values go from %s to %s.", quoteValue(least), quoteValue(most))}
	}
	if op == "" || op == "ieq" {
		for _, operand := range f.Request.GivenValues(c.Name) {
			if nearest := nearestValue(operand, values); nearest != "" {
				return []message.Text{message.New("Did you mean %s?", quoteValue(nearest)), listValues(values)}
			}
		}
	}
	return []message.Text{listValues(values)}
}

// nearestValue returns the existing value that a value was probably meant to be; empty:
// none is near. A part of a value is near it.
func nearestValue(value string, existing []string) string {
	folded := field.FoldCase(value)
	if len(folded) > 2 {
		contains := func(v string) bool { return strings.Contains(field.FoldCase(v), folded) }
		if i := slices.IndexFunc(existing, contains); i >= 0 {
			return existing[i]
		}
	}
	return fault.NearestName(value, existing, fault.MaxEdits(value))
}

// listValues returns a sentence that lists existing values, the first ones if there are
// many.
func listValues(values []string) message.Text {
	shown, size := []string{}, 0
	for _, value := range values[:min(len(values), maxValues)] {
		quoted := quoteValue(value)
		if size += len(escape(quoted)); size > maxValueBytes && len(shown) > 0 {
			break
		}
		shown = append(shown, quoted)
	}
	if more := len(values) - len(shown); more > 0 {
		return message.New("Values: %s and %d more.", message.Names(shown), more)
	}
	return message.New("Values: %s.", message.Names(shown))
}

// quoteValue returns a value of an image in quotes. Only what cannot be printed is
// escaped.
func quoteValue(value string) string { return fault.QuoteText(value, maxTextBytes) }

// describeParam returns a parameter as it stands in an address, cut if it is long.
func (f *finder) describeParam(name string) string {
	return name + "=" + f.describeValues(name)
}

// describeValues returns the values of a parameter as describeParam does.
func (f *finder) describeValues(name string) string {
	value := quoteValue(field.JoinList(f.Request.GivenValues(name)))
	return value[1 : len(value)-1]
}
