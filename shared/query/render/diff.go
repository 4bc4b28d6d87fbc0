package render

// Cells returns a row for csv and the like.
func (r DiffRow) Cells() []string {
	return []string{string(r.Kind), r.ImageID, r.ImageName, describeFields(r.Fields)}
}
