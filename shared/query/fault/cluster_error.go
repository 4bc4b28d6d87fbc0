package fault

import (
	"fmt"
	"strings"

	"community-images/shared/query/field"
)

const (
	maxMissingClusters = 10 // clusters that one error describes
	maxJoinedNames     = 20 // names that one error lists
)

// ClusterError says that clusters are not captured.
type ClusterError struct {
	Region string // or several, joined for the message
	// Missing are the clusters that are not captured, in the order of the request. nil: no
	// cluster at all is captured.
	Missing []MissingCluster
	// Clusters are those that the caller may see, for the message and for "Did you
	// mean".
	Clusters []NamedCluster
	Past     int64 // the commit at which they are not captured; 0: now
}

// MissingCluster is a cluster of a request that is not captured.
type MissingCluster struct {
	Name      string // as given; empty: lists without a cluster
	IsListed  bool   // E-HPC lists the cluster
	Elsewhere string // a sentence: where or when it is captured; may be empty
}

// NamedCluster is a cluster with the name that its owner gave it.
type NamedCluster struct {
	ID         string
	Name       string // may be empty
	IsCaptured bool   // else E-HPC only lists it
}

// IDsNamed returns the ids of the clusters that have a name, in any case: people take
// the name of a cluster for its id.
func IDsNamed(name string, clusters []NamedCluster) (ids []string) {
	for _, c := range clusters {
		if c.Name != "" && field.FoldCase(c.Name) == field.FoldCase(name) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Error implements error. The text is for the caller: it lists the clusters that
// the caller may see.
func (e *ClusterError) Error() string {
	if len(e.Missing) == 0 {
		is, when := PastOrPresent(e.Past)
		return fmt.Sprintf("No cluster %s captured in %s%s.", is, e.Region, when)
	}
	var sentences []string
	listsClusters := false
	for _, m := range e.Missing[:min(len(e.Missing), maxMissingClusters)] {
		if ids := IDsNamed(m.Name, e.Clusters); len(ids) > 0 {
			sentences = append(sentences, "No cluster has the id "+quoteName(m.Name)+".", DescribeNamed(m.Name, ids))
			continue
		}
		sentences = append(sentences, e.describeMissing(m))
		listsClusters = true
	}
	switch more := len(e.Missing) - maxMissingClusters; {
	case more == 1:
		sentences = append(sentences, "1 more cluster is missing.")
	case more > 1:
		sentences = append(sentences, fmt.Sprintf("%d more clusters are missing.", more))
	}
	if listsClusters {
		_, names := e.capturedClusters()
		sentences = append(sentences, "Captured clusters: "+JoinNames(names)+".")
	}
	return strings.Join(sentences, " ")
}

// DescribeNamed returns a sentence with the ids of the clusters that have a name.
func DescribeNamed(name string, ids []string) string {
	if len(ids) == 1 {
		return fmt.Sprintf("The cluster named %s is %s.", quoteName(name), ids[0])
	}
	return fmt.Sprintf("The clusters named %s are %s.", quoteName(name), JoinNames(ids))
}

// quoteName returns the name of a cluster in quotes. It keeps letters of all languages.
func quoteName(name string) string { return QuoteText(name, 80) }

// describeMissing returns sentences about a cluster that is neither captured nor named
// so.
func (e *ClusterError) describeMissing(m MissingCluster) string {
	is, when := PastOrPresent(e.Past)
	var text string
	switch {
	case m.Name == "":
		text = fmt.Sprintf("No list without a cluster %s captured in %s%s", is, e.Region, when)
	case m.IsListed:
		text = fmt.Sprintf("Cluster %s %s known in %s but not captured%s", quoteName(m.Name), is, e.Region, when)
	default:
		text = fmt.Sprintf("Cluster %s %s not captured in %s%s", quoteName(m.Name), is, e.Region, when)
	}
	ids, _ := e.capturedClusters()
	text = EndSentence(text + DidYouMeanID(m.Name, ids))
	if m.Elsewhere != "" {
		text += " " + m.Elsewhere
	}
	return text
}

// capturedClusters returns the ids of the captured clusters, and the ids with the names
// of the clusters.
func (e *ClusterError) capturedClusters() (ids, names []string) {
	for _, c := range e.Clusters {
		if c.IsCaptured {
			ids, names = append(ids, c.ID), append(names, c.describe())
		}
	}
	return ids, names
}

// describe returns the id and the name of a cluster.
func (c NamedCluster) describe() string {
	if c.Name == "" || c.Name == c.ID {
		return c.ID
	}
	return c.ID + " (" + Truncate(c.Name, 60) + ")"
}

// Recommend returns the advice that stands beside the message.
func (e *ClusterError) Recommend() string {
	var ids []string
	for _, m := range e.Missing {
		ids = append(ids, IDsNamed(m.Name, e.Clusters)...)
	}
	switch {
	case len(ids) == 1, len(ids) > 1 && len(e.Missing) == 1:
		return "Use the id " + ids[0] + "." // of ClusterId, or of with
	case len(ids) > 1:
		return "Use the ids of these clusters."
	case len(e.Missing) > 0 && e.Missing[0].Name == "":
		return "Name one of the captured clusters with ClusterId, or all of them with ClusterId=*."
	}
	return "Use the id of a captured cluster."
}

// PastOrPresent returns the verb and the time for a message about a commit of
// the past, or about now if past is 0.
func PastOrPresent(past int64) (is, when string) {
	if past == 0 {
		return "is", ""
	}
	return "was", fmt.Sprintf(" at commit %d", past)
}

// JoinNames lists names in a message, at most maxJoinedNames of them.
func JoinNames(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	if more := len(names) - maxJoinedNames; more > 0 {
		return strings.Join(names[:maxJoinedNames], ", ") + fmt.Sprintf(" and %d more (see /v1/clusters)", more)
	}
	return strings.Join(names, ", ")
}
