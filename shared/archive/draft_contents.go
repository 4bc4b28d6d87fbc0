package archive

import (
	"cmp"
	"slices"
	"strings"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// setContents adds to c the new contents of checks that were made on top of cur, the
// scopes that end, and what all that changes for each image. previous is
// Run.previous.
func setContents(
	c *format.Commit, cur *Region, checks []Check, ended []catalog.Scope, previous map[catalog.Scope][]*catalog.Image,
) {
	checks = slices.DeleteFunc(slices.Clone(checks), func(check Check) bool {
		was, _ := cur.Scope(check.Scope)
		// An answer that failed, or is held, changes no content.
		return check.State != format.StateOK || check.Snapshot == nil || check.Snapshot.Digest == was.Digest
	})
	slices.SortFunc(checks, func(a, b Check) int { return compareScopes(a.Scope, b.Scope) })
	slices.SortFunc(ended, compareScopes)
	changes := format.NewImageChanges()
	for number, check := range checks {
		was, _ := cur.Scope(check.Scope)
		before, known := previous[check.Scope]
		if check.Before != nil {
			before, known = check.Before.Images, true
		}
		c.Scopes = append(c.Scopes, format.ScopeChange{
			CheckedAt: check.At, ClusterID: check.Scope.ClusterID, Digest: check.Snapshot.Digest,
			ImageCount: len(check.Snapshot.Images), InstanceType: check.Scope.InstanceType,
			PreviousLost: was.Digest != "" && !known,
		})
		changes.Add(number, before, check.Snapshot.Images)
	}
	for i, scope := range ended {
		was, _ := cur.Scope(scope)
		before, known := previous[scope]
		cluster, _ := cur.Cluster(scope.ClusterID)
		c.Ended = append(c.Ended, format.EndedScope{
			ClusterID: scope.ClusterID, ClusterName: cluster.Name, InstanceType: scope.InstanceType,
			PreviousLost: was.Digest != "" && !known,
		})
		changes.Add(len(checks)+i, before, nil)
	}
	c.Images = changes.List()
}

// compareScopes compares two scopes of a region in canonical order.
func compareScopes(a, b catalog.Scope) int {
	return cmp.Or(strings.Compare(a.ClusterID, b.ClusterID), strings.Compare(a.InstanceType, b.InstanceType))
}
