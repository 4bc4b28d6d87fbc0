package ehpctest

import "encoding/json"

// Data is what an endpoint answers. Its methods are called concurrently, and their
// results are not changed afterwards.
type Data interface {
	// Regions is the answer of ListRegions. Calls for other regions fail.
	Regions() []Region
	// Clusters returns the entries of ListClusters at the endpoint of a region.
	Clusters(regionID string) []json.RawMessage
	// Images answers ListCommunityImages. It returns false if there is no such cluster.
	Images(Question) (Images, bool)
}

// Region is one entry of ListRegions.
type Region struct {
	LocalName string `json:"LocalName"`
	RegionID  string `json:"RegionId"`
}

// Question holds the parameters of ListCommunityImages. Empty ones are not sent.
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

// Fixed is a Data with given answers. Change it only while no calls are made, or pass
// a new one to Endpoint.SetData.
type Fixed struct {
	RegionList []Region
	// ClusterLists maps a region's endpoint to the entries it lists.
	ClusterLists map[string][]json.RawMessage
	// ImageLists maps a question to the array that answers it.
	ImageLists map[Question]string
	// Bodies maps a question to a whole body. It takes precedence over ImageLists.
	Bodies map[Question]string
}

// Regions implements Data.
func (f *Fixed) Regions() []Region { return f.RegionList }

// Clusters implements Data.
func (f *Fixed) Clusters(regionID string) []json.RawMessage { return f.ClusterLists[regionID] }

// Images implements Data. A question in neither map gets an empty list if it names no
// cluster, and an error if it does.
func (f *Fixed) Images(q Question) (Images, bool) {
	if body, ok := f.Bodies[q]; ok {
		return Images{Body: []byte(body)}, true
	}
	if array, ok := f.ImageLists[q]; ok {
		return Images{Array: []byte(array)}, true
	}
	return Images{Array: []byte("[]")}, q.ClusterID == ""
}
