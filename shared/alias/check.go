package alias

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"community-images/shared/catalog"
)

const (
	maxText    = 500  // bytes of a description or a reason
	maxLookup  = 2000 // bytes
	maxImageID = 256  // bytes
)

// IsName reports whether an alias can have a name: at most 64 of a-z, 0-9 and, between
// them, ".", "_" and "-". They need no escapes in an address. A regular expression of this
// would cost each cold start 0.2 ms.
func IsName(name string) bool {
	const alphanumeric, between = "abcdefghijklmnopqrstuvwxyz0123456789", "._-"
	return name != "" && len(name) <= 64 &&
		strings.Trim(name, alphanumeric+between) == "" && strings.Trim(name, between) == name
}

// checker checks a file and collects its faults and its definitions.
type checker struct {
	rules  Rules
	faults FaultsError
	file   File
	seen   map[string]string // paths of the aliases so far, by region and name
}

// members is a JSON object.
type members = map[string]any

// add adds a fault of a value, which is nil if it is missing.
func (c *checker) add(path string, value any, allowed string) {
	f := Fault{Path: path, Allowed: allowed}
	if value != nil {
		text, _ := catalog.MarshalLine(value) // it was JSON before
		f.Value = truncate(strings.TrimSuffix(string(text), "\n"), maxShownValue)
	}
	c.faults = append(c.faults, f)
}

// object returns a value as an object that has the required members, maybe the optional
// ones, and no others. ok is false if it is no object.
func (c *checker) object(path string, value any, required, optional []string) (m members, ok bool) {
	m, ok = value.(members)
	if !ok {
		c.add(path, value, "must be an object")
		return nil, false
	}
	prefix := path + "."
	if path == "the file" {
		prefix = ""
	}
	known := slices.Concat(required, optional)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(known, name) {
			c.add(prefix+name, m[name], "is unknown; allowed are "+strings.Join(known, ", "))
		}
	}
	for _, name := range required {
		if _, has := m[name]; !has {
			c.add(prefix+name, nil, "is missing")
		}
	}
	return m, true
}

// text returns a member that must be a text if it is there. isAllowed tells whether it is
// one that is allowed. ok is false if it is missing or wrong.
func (c *checker) text(path string, m members, name string, isAllowed func(string) bool, allowed string) (
	text string, ok bool,
) {
	value, has := m[name]
	if !has {
		return "", false
	}
	text, ok = value.(string)
	if !ok || !isAllowed(text) {
		c.add(path+"."+name, value, "must be "+allowed)
		return "", false
	}
	return text, true
}

// checkFile checks the whole file.
func (c *checker) checkFile(value any) {
	m, ok := c.object("the file", value, []string{"Aliases"}, []string{"$schema"})
	if list, has := m["Aliases"]; ok && has {
		aliases, isList := list.([]any)
		switch {
		case !isList:
			c.add("Aliases", list, "must be a list")
		case len(aliases) > MaxAliases:
			c.add("Aliases", nil, fmt.Sprintf("has %d entries; the limit is %d", len(aliases), MaxAliases))
		}
		for i, a := range aliases {
			c.checkAlias(fmt.Sprintf("Aliases[%d]", i), a)
		}
	}
}

// checkAlias checks one definition and adds it to the file.
func (c *checker) checkAlias(path string, value any) {
	m, ok := c.object(path, value, []string{"Name", "RegionId", "Lookup"}, []string{"Description", "Pin"})
	if !ok {
		return
	}
	var d Definition
	name, isNamed := c.text(path, m, "Name", IsName,
		"1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter or digit")
	region, isPlaced := c.text(path, m, "RegionId", c.isRegion, c.describeRegions())
	if key := region + "/" + name; isNamed && isPlaced {
		if before, twice := c.seen[key]; twice {
			c.add(path+".Name", name, fmt.Sprintf("must be unique in its region; %s has it too", before))
		}
		c.seen[key] = path
	}
	d.Name = name
	d.Lookup, _ = c.text(path, m, "Lookup", func(s string) bool { return s != "" && len(s) <= maxLookup },
		fmt.Sprintf("parameters of /v1/images, at most %d bytes", maxLookup))
	if d.Lookup != "" {
		if err := c.rules.CheckLookup(d.Lookup); err != nil {
			c.add(path+".Lookup", d.Lookup, "cannot be answered: "+strings.TrimSuffix(err.Error(), "."))
		}
	}
	d.Description, _ = c.text(path, m, "Description", isText, describeText)
	if pin, has := m["Pin"]; has {
		d.Pin = c.checkPin(path+".Pin", pin)
	}
	c.file[region] = append(c.file[region], d)
}

// describeText describes what isText allows.
var describeText = fmt.Sprintf("a text of at most %d bytes without control characters", maxText)

// isText reports whether a text can be shown in one line.
func isText(s string) bool { return len(s) <= maxText && !strings.ContainsFunc(s, unicode.IsControl) }

// checkPin checks a pin.
func (c *checker) checkPin(path string, value any) *Pin {
	m, ok := c.object(path, value, []string{"ImageId", "Reason"}, []string{"Until"})
	if !ok {
		return nil
	}
	var p Pin
	p.ImageID, _ = c.text(path, m, "ImageId", isImageID,
		fmt.Sprintf("the id of an image, at most %d bytes without spaces", maxImageID))
	p.Reason, _ = c.text(path, m, "Reason", func(s string) bool { return strings.TrimSpace(s) != "" && isText(s) },
		describeText+", and not empty")
	parse := func(s string) (err error) {
		t, err := time.Parse(time.RFC3339, s)
		if err == nil && (t.Year() < 2000 || t.Year() > 9998) {
			err = errors.New("no year of a pin")
		}
		p.Until = catalog.At(t)
		return err
	}
	c.text(path, m, "Until", func(s string) bool { return parse(s) == nil },
		"an RFC 3339 time with its zone, for example 2027-01-31T00:00:00Z")
	return &p
}

// isImageID reports whether an image can have an id.
func isImageID(s string) bool {
	return s != "" && len(s) <= maxImageID &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) })
}

// isRegion reports whether a region may have aliases.
func (c *checker) isRegion(id string) bool {
	return catalog.ValidateName("RegionId", id) == nil &&
		(len(c.rules.Regions) == 0 || slices.Contains(c.rules.Regions, id))
}

// describeRegions describes what isRegion allows.
func (c *checker) describeRegions() string {
	if len(c.rules.Regions) == 0 {
		return "the id of a region"
	}
	return "a region that is captured: " + strings.Join(c.rules.Regions, ", ")
}
