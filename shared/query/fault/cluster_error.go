package fault

import (
	"community-images/shared/message"
	"community-images/shared/query/field"
)

const (
	maxMissingClusters = 10 // clusters that one error describes
	maxJoinedNames     = 20 // names that one error lists
)

// ClusterError says that clusters are not captured.
type ClusterError struct {
	Regions []string // in which they are not captured
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
	Name      string       // as given; empty: lists without a cluster
	IsListed  bool         // E-HPC lists the cluster
	Elsewhere message.Text // a sentence: where or when it is captured; may be empty
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

// IsOnlyOf reports whether the error is about one region and no other.
func (e *ClusterError) IsOnlyOf(region string) bool {
	return len(e.Regions) == 1 && e.Regions[0] == region
}

// Error implements error.
func (e *ClusterError) Error() string { return e.Message().String() }

// Message returns the text for the caller. It lists the clusters that the caller may see.
func (e *ClusterError) Message() message.Text {
	if len(e.Missing) == 0 {
		return EndSentence(PastOrPresent(e.Past, message.New("No cluster is captured in %s", message.Names(e.Regions)),
			"No cluster was captured in %s at commit %d", message.Names(e.Regions)))
	}
	var sentences []message.Text
	listsClusters := false
	for _, m := range e.Missing[:min(len(e.Missing), maxMissingClusters)] {
		if ids := IDsNamed(m.Name, e.Clusters); len(ids) > 0 {
			sentences = append(sentences, message.New("No cluster has the id %s.", quoteName(m.Name)),
				EndSentence(DescribeNamed(m.Name, ids)))
			continue
		}
		sentences = append(sentences, e.describeMissing(m))
		listsClusters = true
	}
	switch more := len(e.Missing) - maxMissingClusters; {
	case more == 1:
		sentences = append(sentences, message.New("1 more cluster is missing."))
	case more > 1:
		sentences = append(sentences, message.New("%d more clusters are missing.", more))
	}
	if listsClusters {
		_, names := e.capturedClusters()
		sentences = append(sentences, message.New("Captured clusters: %s.", JoinNames(names)))
	}
	return message.Sentences(sentences...)
}

// DescribeNamed returns a sentence without its full stop: the ids of the clusters that have
// a name.
func DescribeNamed(name string, ids []string) message.Text {
	if len(ids) == 1 {
		return message.New("The cluster named %s is %s", quoteName(name), ids[0])
	}
	return message.New("The clusters named %s are %s", quoteName(name), JoinNames(ids))
}

// quoteName returns the name of a cluster in quotes. It keeps letters of all languages.
func quoteName(name string) string { return QuoteText(name, 80) }

// describeMissing returns sentences about a cluster that is neither captured nor named
// so.
func (e *ClusterError) describeMissing(m MissingCluster) message.Text {
	name, regions := quoteName(m.Name), message.Names(e.Regions)
	var text message.Text
	switch {
	case m.Name == "":
		text = PastOrPresent(e.Past, message.New("No list without a cluster is captured in %s", regions),
			"No list without a cluster was captured in %s at commit %d", regions)
	case m.IsListed:
		text = PastOrPresent(e.Past, message.New("Cluster %s is known in %s but not captured", name, regions),
			"Cluster %s was known in %s but not captured at commit %d", name, regions)
	default:
		text = PastOrPresent(e.Past, message.New("Cluster %s is not captured in %s", name, regions),
			"Cluster %s was not captured in %s at commit %d", name, regions)
	}
	ids, _ := e.capturedClusters()
	return message.Sentences(EndSentence(message.Join(text, DidYouMeanID(m.Name, ids))), m.Elsewhere)
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
func (e *ClusterError) Recommend() message.Text {
	var ids []string
	for _, m := range e.Missing {
		ids = append(ids, IDsNamed(m.Name, e.Clusters)...)
	}
	switch {
	case len(ids) == 1, len(ids) > 1 && len(e.Missing) == 1:
		return message.New("Use the id %s.", ids[0]) // of ClusterId, or of with
	case len(ids) > 1:
		return message.New("Use the ids of these clusters.")
	case len(e.Missing) > 0 && e.Missing[0].Name == "":
		return message.New("Name one of the captured clusters with ClusterId, or all of them with ClusterId=*.")
	}
	return message.New("Use the id of a captured cluster.")
}

// PastOrPresent returns the text about now if past is 0. Else it fills in the template about
// a commit of the past, whose number follows the other arguments.
func PastOrPresent(past int64, now message.Text, then message.Template, args ...any) message.Text {
	if past == 0 {
		return now
	}
	return message.New(then, append(args, past)...)
}

// JoinNames lists names in a message, at most maxJoinedNames of them.
func JoinNames(names []string) message.Text { return JoinTexts(message.UntranslatedAll(names)) }

// JoinTexts is JoinNames for names that have words in them.
func JoinTexts(names []message.Text) message.Text {
	if len(names) == 0 {
		return message.New("none")
	}
	if more := len(names) - maxJoinedNames; more > 0 {
		return message.New("%s and %d more (see /v1/clusters)", message.Items(names[:maxJoinedNames]), more)
	}
	return message.Items(names)
}
