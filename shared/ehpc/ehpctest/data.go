package ehpctest

import "encoding/json"

// Data is what an endpoint tells. Its methods are called concurrently, and
// what they return is not changed afterwards.
type Data interface {
	// Regions is the answer of ListRegions; other regions are not known.
	Regions() []Region
	// Clusters returns the entries of ListClusters at the endpoint of a region.
	Clusters(regionID string) []json.RawMessage
	// Images answers ListCommunityImages; false: there is no such cluster.
	Images(Question) (Images, bool)
}

// Region is one entry of ListRegions.
type Region struct {
	LocalName string `json:"LocalName"`
	RegionID  string `json:"RegionId"`
}

// Question holds the parameters of ListCommunityImages; empty: not sent.
type Question struct {
	RegionID     string
	ClusterID    string
	InstanceType string
	BaseOsTag    string
}

// Images is an answer of ListCommunityImages.
type Images struct {
	Array []byte // the JSON array Images.ImageInfo
	Body  []byte // if set, the whole body instead, sent as it is
}

// Fixed is a Data that says exactly what it was given. Change it only while
// nobody asks, or hand a new one to Endpoint.SetData.
type Fixed struct {
	RegionList []Region
	// ClusterLists maps a region's endpoint to the entries it lists.
	ClusterLists map[string][]json.RawMessage
	// ImageLists maps a question to the array that answers it.
	ImageLists map[Question]string
	// Bodies maps a question to a whole body; it goes before ImageLists.
	Bodies map[Question]string
}

// Regions implements Data.
func (f *Fixed) Regions() []Region { return f.RegionList }

// Clusters implements Data.
func (f *Fixed) Clusters(regionID string) []json.RawMessage { return f.ClusterLists[regionID] }

// Images implements Data. A question that is in neither map is answered with
// an empty list if it names no cluster.
func (f *Fixed) Images(q Question) (Images, bool) {
	if body, ok := f.Bodies[q]; ok {
		return Images{Body: []byte(body)}, true
	}
	if array, ok := f.ImageLists[q]; ok {
		return Images{Array: []byte(array)}, true
	}
	return Images{Array: []byte("[]")}, q.ClusterID == ""
}
