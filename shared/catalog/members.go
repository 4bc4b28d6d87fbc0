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

// Elements yields the elements of a canonical JSON array as they are written;
// nothing if the value is not an array.
func Elements(array string) iter.Seq[string] {
	if array == "" || array[0] != '[' {
		return func(func(string) bool) {}
	}
	return elements(array)
}
