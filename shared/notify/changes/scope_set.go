package changes

import (
	"cmp"
	"strings"

	"community-images/shared/archive/format"
)

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

// and returns the scopes that both sets have.
func (s scopeSet) and(o scopeSet) scopeSet {
	both := make(scopeSet, len(s))
	for i, word := range s {
		both[i] = word & o[i]
	}
	return both
}

// or returns the scopes that one of two sets has.
func (s scopeSet) or(o scopeSet) scopeSet {
	either := make(scopeSet, len(s))
	for i, word := range s {
		either[i] = word | o[i]
	}
	return either
}

// firstRef returns the first scope of a set by cluster and instance type. ok is false if the set
// is empty. It does not depend on where the log begins, as the numbers do.
func (l *Log) firstRef(set scopeSet) (first format.ScopeRef, ok bool) {
	for number, ref := range l.refs {
		if set.has(number) && (!ok || compareRefs(ref, first) < 0) {
			first, ok = ref, true
		}
	}
	return first, ok
}

// compareRefs orders scopes by cluster and instance type.
func compareRefs(a, b format.ScopeRef) int {
	return cmp.Or(strings.Compare(a.ClusterID, b.ClusterID), strings.Compare(a.InstanceType, b.InstanceType))
}
