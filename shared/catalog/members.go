package catalog

import "iter"

// Members yields the members of the image object in order: the name, and the
// value as canonical JSON.
func (im *Image) Members() iter.Seq2[string, string] { return members(im.Raw) }

// Members yields the members of a canonical JSON object, such as the value of
// a member of an image; nothing if the value is not an object.
func Members(object string) iter.Seq2[string, string] {
	if object == "" || object[0] != '{' {
		return func(func(string, string) bool) {}
	}
	return members(object)
}
