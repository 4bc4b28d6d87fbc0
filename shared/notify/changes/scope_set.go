package changes

// scopeSet is a set of scopes, by their numbers in a Log.
type scopeSet []uint64

// newScopeSet returns an empty set for a number of scopes.
func newScopeSet(scopes int) scopeSet { return make(scopeSet, (scopes+63)/64) }

// add adds a scope.
func (s scopeSet) add(number int) { s[number/64] |= 1 << (number % 64) }

// remove removes a scope.
func (s scopeSet) remove(number int) { s[number/64] &^= 1 << (number % 64) }

// has reports whether a scope is in the set.
func (s scopeSet) has(number int) bool { return s[number/64]&(1<<(number%64)) != 0 }

// meets reports whether two sets have a scope in common.
func (s scopeSet) meets(o scopeSet) bool {
	for i, word := range s {
		if word&o[i] != 0 {
			return true
		}
	}
	return false
}

// first returns the first scope that two sets have in common. ok is false if there is none.
func (s scopeSet) first(o scopeSet) (number int, ok bool) {
	for i, word := range s {
		for bit := 0; word&o[i] != 0 && bit < 64; bit++ {
			if word&o[i]&(1<<bit) != 0 {
				return i*64 + bit, true
			}
		}
	}
	return 0, false
}
