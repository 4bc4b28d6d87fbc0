package format

// VisitReferences calls visit for each snapshot that a commit needs: those of the
// contents that it has published, and those of its checkpoint.
func (c *Commit) VisitReferences(visit func(ref ScopeRef, digest string)) {
	for _, s := range c.Scopes {
		visit(s.ref(), s.Digest)
	}
	if c.Checkpoint != nil {
		for _, s := range c.Checkpoint.Scopes {
			if s.Digest != "" {
				visit(ScopeRef{s.ClusterID, s.InstanceType}, s.Digest)
			}
		}
	}
}

// VisitReferences calls visit for each snapshot that a state needs: the current
// contents and the candidates.
func (h *Head) VisitReferences(visit func(ref ScopeRef, digest string)) {
	for _, s := range h.Scopes() {
		ref := ScopeRef{s.ClusterID, s.InstanceType}
		if s.Digest != "" {
			visit(ref, s.Digest)
		}
		if s.Candidate != nil && s.Candidate.Digest != "" {
			visit(ref, s.Candidate.Digest)
		}
	}
}
