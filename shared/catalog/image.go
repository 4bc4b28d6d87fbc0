package catalog

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"community-images/shared/jsonscan"
)

// Image is one community image as E-HPC described it (ListCommunityImages, API
// version 2018-04-12). Fields are read from Raw when they are needed, so many
// images take little more memory than their bytes.
type Image struct {
	// Raw is the whole object as canonical JSON, unknown fields included. It is
	// stored, compared and returned.
	Raw     string
	ImageID string // for example m-bp181x855551ww5yq
	// Number identifies an image of an Interner: they are numbered from 1, in the
	// order in which they were first seen. 0: the image comes from no Interner.
	Number int32
}

// ParseImage parses one entry of Images.ImageInfo. It returns an error if the
// entry has no usable ImageId. Everything else is kept in Raw, whatever it is.
func ParseImage(raw []byte) (*Image, error) {
	canonical, err := Canonical(raw)
	if err != nil {
		return nil, err
	}
	return newImage(canonical)
}

// newImage returns the image with a canonical object.
func newImage(canonical string) (*Image, error) {
	im, err := NewTrustedImage(canonical)
	if err != nil {
		return nil, err
	}
	return &im, nil
}

// NewTrustedImage returns the image with a canonical object, and shares its memory. It
// does not check that the object is JSON: a digest has verified that this package wrote
// it. It returns an error if the object has no usable ImageId.
func NewTrustedImage(canonical string) (Image, error) {
	if canonical == "" || canonical[0] != '{' {
		return Image{}, fmt.Errorf("image is %s, not an object", shorten(canonical))
	}
	// An ImageId that is no string is as good as none.
	im := Image{Raw: canonical}
	for name, value := range jsonscan.Members(canonical) {
		if name == "ImageId" && value[0] == '"' {
			im.ImageID = jsonscan.Unquote(value)
			break
		}
	}
	if im.ImageID == "" {
		return Image{}, errors.New("image without an ImageId")
	}
	// The formats that print one id a line would print another list, and a
	// terminal could obey them.
	if strings.ContainsFunc(im.ImageID, isControl) {
		return Image{}, fmt.Errorf("ImageId %q has a control character", shorten(im.ImageID))
	}
	return im, nil
}

// isControl returns true for a character that must not stand in an id: the
// control characters of ASCII and of Latin-1, for example U+0085 and U+009B, and
// the line and paragraph separators of Unicode. Some readers end a line at them.
func isControl(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// Text returns a field as a person would write it. Nested fields have a dotted
// name: Status, OsTag.Version. It is empty if the field is absent or null. Where
// E-HPC sends a string instead of the object BaseOsTag or OsTag, that string is
// its OsTag.
func (im *Image) Text(field string) string {
	top, sub, nested := strings.Cut(field, ".")
	for name, value := range jsonscan.Members(im.Raw) {
		switch {
		case name != top:
		case nested:
			return nestedText(value, sub)
		default:
			return jsonscan.Text(value)
		}
	}
	return ""
}

// nestedText returns the text of a member of an object. A plain string stands for
// an object with this OsTag.
func nestedText(object, name string) string {
	if object[0] != '{' && name == "OsTag" {
		return jsonscan.Text(object)
	}
	for n, value := range jsonscan.Members(object) {
		if n == name {
			return jsonscan.Text(value)
		}
	}
	return ""
}
