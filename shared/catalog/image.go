package catalog

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Image is one community image as E-HPC described it (ListCommunityImages,
// API version 2018-04-12). Text fields are empty when upstream left them out
// or sent null; a number or boolean where text is documented is kept as its
// JSON text. The enumerations are upstream's and may grow.
type Image struct {
	// Raw is the whole object as canonical JSON, unknown fields included. It
	// is what is stored, compared and answered; the fields below are views.
	Raw string
	// Number tells images of one Interner apart: from 1, in the order in which
	// they were met, none twice. 0: the image comes from no Interner.
	Number int32

	ImageID           string // for example m-bp181x855551ww5yq
	ImageName         string
	Status            string // UnAvailable, Available, Creating, CreateFailed
	Description       string
	ImageOwnerAlias   string // self: custom image; others: shared image
	SkuCode           string // ECS: pay-as-you-go; package: subscription
	PricingCycle      string // Hour, Month, Year
	ProductCode       string // of Alibaba Cloud Marketplace
	UID               string // owner
	PostInstallScript string
	Size              int64 // GiB; meaningful only if HasSize
	HasSize           bool
	BaseOsTag         OsTag
	OsTag             OsTag
}

// OsTag describes an operating system. Where upstream sends a plain string
// instead of an object, it is the OsTag field.
type OsTag struct {
	Platform     string // CentOS, Ubuntu, Windows Server 2012, …
	OsTag        string // CentOS_7.2_64
	Version      string // 7.2
	Architecture string // i386, x86_64
	BaseOsTag    string // only in Image.OsTag
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

// viewImage builds the views over a canonical object.
func viewImage(canonical string) (*Image, error) {
	if canonical == "" || canonical[0] != '{' {
		return nil, fmt.Errorf("image is %s, not an object", clip(canonical))
	}
	im := &Image{Raw: canonical}
	idIsString := false
	for name, value := range members(canonical) {
		switch name {
		case "ImageId":
			idIsString = value[0] == '"'
			im.ImageID = text(value)
		case "ImageName":
			im.ImageName = text(value)
		case "Status":
			im.Status = text(value)
		case "Description":
			im.Description = text(value)
		case "ImageOwnerAlias":
			im.ImageOwnerAlias = text(value)
		case "SkuCode":
			im.SkuCode = text(value)
		case "PricingCycle":
			im.PricingCycle = text(value)
		case "ProductCode":
			im.ProductCode = text(value)
		case "Uid":
			im.UID = text(value)
		case "PostInstallScript":
			im.PostInstallScript = text(value)
		case "Size":
			im.Size, im.HasSize = integer(text(value))
		case "BaseOsTag":
			im.BaseOsTag = osTag(value)
		case "OsTag":
			im.OsTag = osTag(value)
		}
	}
	if !idIsString || im.ImageID == "" {
		return nil, errors.New("image without an ImageId")
	}
	if strings.ContainsFunc(im.ImageID, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return nil, fmt.Errorf("ImageId %q has a control character", clip(im.ImageID))
	}
	return im, nil
}

func osTag(value string) (tag OsTag) {
	if value[0] != '{' {
		tag.OsTag = text(value)
		return tag
	}
	for name, v := range members(value) {
		switch name {
		case "Platform":
			tag.Platform = text(v)
		case "OsTag":
			tag.OsTag = text(v)
		case "Version":
			tag.Version = text(v)
		case "Architecture":
			tag.Architecture = text(v)
		case "BaseOsTag":
			tag.BaseOsTag = text(v)
		}
	}
	return tag
}

// text is the value as a person would write it.
func text(value string) string {
	switch {
	case value == "null":
		return ""
	case value[0] == '"':
		return unquote(value)
	}
	return value
}

func integer(s string) (int64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}
