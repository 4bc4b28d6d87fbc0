package field

import (
	"bytes"

	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
)

// SearchText returns what q searches of an image: the members that people read, case
// folded. They are joined by zero bytes. A search word has no control character, so it
// cannot match across two members.
func SearchText(im *catalog.Image) string {
	var name, description, product string
	for member, value := range jsonscan.Members(im.Raw) {
		switch member {
		case "ImageName":
			name = jsonscan.Text(value)
		case "Description":
			description = jsonscan.Text(value)
		case "ProductCode":
			product = jsonscan.Text(value)
		}
	}
	return FoldCase(name + "\x00" + description + "\x00" + im.ImageID + "\x00" + product)
}

// ContainsWords reports whether every word is part of a text. Both are case folded.
func ContainsWords(text []byte, words [][]byte) bool {
	for _, word := range words {
		if !bytes.Contains(text, word) {
			return false
		}
	}
	return true
}
