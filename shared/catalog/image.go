package catalog

import (
	"errors"
	"fmt"
	"strings"

	"community-images/shared/jsonscan"
)

// Image is one community image as E-HPC described it (ListCommunityImages,
// API version 2018-04-12). Its fields are read out of Raw when they are asked
// for: whoever keeps many images keeps their bytes and little else.
type Image struct {
	// Raw is the whole object as canonical JSON, unknown fields included. It
	// is what is stored, compared and answered.
	Raw     string
	ImageID string // for example m-bp181x855551ww5yq
	// Number tells images of one Interner apart: from 1, in the order in which
	// they were met, none twice. 0: the image comes from no Interner.
	Number int32
}

// ParseImage reads one entry of Images.ImageInfo. An entry without a usable
// ImageId is an error; every other oddity is kept in Raw.
func ParseImage(raw []byte) (*Image, error) {
	canonical, err := Canonical(raw)
	if err != nil {
		return nil, err
	}
	return viewImage(canonical)
}

// viewImage is the image with a canonical object.
func viewImage(canonical string) (*Image, error) {
	if canonical == "" || canonical[0] != '{' {
		return nil, fmt.Errorf("image is %s, not an object", clip(canonical))
	}
	im := &Image{Raw: canonical}
	for name, value := range jsonscan.Members(canonical) {
		if name == "ImageId" && value[0] == '"' {
			im.ImageID = jsonscan.Unquote(value)
			break
		}
	}
	if im.ImageID == "" {
		return nil, errors.New("image without an ImageId")
	}
	if strings.ContainsFunc(im.ImageID, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return nil, fmt.Errorf("ImageId %q has a control character", clip(im.ImageID))
	}
	return im, nil
}

// Text returns a field as a person would write it, one of an object by its
// dotted name: Status, OsTag.Version. It is empty when upstream left the field
// out or sent null; where upstream sends a plain string instead of BaseOsTag
// or OsTag, that is their OsTag.
func (im *Image) Text(field string) string {
	top, sub, nested := strings.Cut(field, ".")
	for name, value := range jsonscan.Members(im.Raw) {
		switch {
		case name != top:
		case nested:
			return within(value, sub)
		default:
			return jsonscan.Text(value)
		}
	}
	return ""
}

// within is the text of a member of an object; of a plain string, which stands
// for an object with this OsTag, the string itself.
func within(object, name string) string {
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
