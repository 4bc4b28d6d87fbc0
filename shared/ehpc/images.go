package ehpc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"

	"community-images/shared/catalog"
)

// ImagesRequest is the question of ListCommunityImages. RegionID is required;
// empty for another field means that the parameter is not sent, which E-HPC
// documents as "supported by all".
type ImagesRequest struct {
	RegionID     string
	ClusterID    string
	InstanceType string
	BaseOsTag    string // for example CentOS_7.2_64
}

// ImagesAnswer is a reply that may not have been decoded yet.
type ImagesAnswer struct {
	RequestID string
	// Fingerprint is the hex SHA-256 of the raw bytes that hold the images.
	// An answer whose fingerprint equals that of an answer that Images has
	// accepted before holds the same images and need not be decoded. Without
	// such an equal, only Images can tell whether the answer is good.
	Fingerprint string

	reply *reply
	part  []byte // the Images part; see envelope.go
}

const opImages = "ListCommunityImages"

// ListCommunityImages asks which community images a cluster or instance type
// may use. https://www.alibabacloud.com/help/en/e-hpc/e-hpc-1-0/developer-reference/api-ehpc-2018-04-12-listcommunityimages
func (c *Client) ListCommunityImages(ctx context.Context, req ImagesRequest) (*ImagesAnswer, error) {
	query := map[string]string{"ClusterId": req.ClusterID, "InstanceType": req.InstanceType, "BaseOsTag": req.BaseOsTag}
	maps.DeleteFunc(query, func(_, value string) bool { return value == "" })
	r, err := c.call(ctx, opImages, req.RegionID, query)
	if err != nil {
		return nil, err
	}
	return newAnswer(r)
}

func newAnswer(r *reply) (*ImagesAnswer, error) {
	a := &ImagesAnswer{reply: r}
	var ok bool
	if a.part, a.RequestID, ok = cutImages(r.Body); !ok {
		doc, err := object(r.Body)
		if err != nil {
			return nil, r.malformed(err)
		}
		if _, err := list(doc, "Images", "ImageInfo"); err != nil {
			return nil, r.malformed(err)
		}
		a.part, a.RequestID = doc["Images"], requestIDOf(doc)
	}
	sum := sha256.Sum256(a.part)
	a.Fingerprint = hex.EncodeToString(sum[:])
	return a, nil
}

// Images decodes the answer. It returns an *Error of class Malformed if the
// answer is not of the documented shape: not JSON, no Images object, its
// ImageInfo missing or not an array (null included), a name there twice, or an
// entry that is not an image or deeper than catalog.MaxDepth. An empty array is
// an empty list.
func (a *ImagesAnswer) Images(in *catalog.Interner) ([]*catalog.Image, error) {
	images, err := a.decode(in)
	if err != nil {
		return nil, a.reply.malformed(err)
	}
	return images, nil
}

func (a *ImagesAnswer) decode(in *catalog.Interner) ([]*catalog.Image, error) {
	// The outline that cutImages saw: if what is between is one valid array,
	// the whole body is valid.
	if array, ok := outlined(a.part); ok {
		if images, err := in.DecodeImages(array); err == nil {
			return images, nil
		} else if json.Valid(array) {
			return nil, fmt.Errorf("Images.ImageInfo: %w", err)
		}
	}
	doc, err := object(a.reply.Body)
	if err != nil {
		return nil, err
	}
	array, err := list(doc, "Images", "ImageInfo")
	if err != nil {
		return nil, err
	}
	images, err := in.DecodeImages(array)
	if err != nil {
		return nil, fmt.Errorf("Images.ImageInfo: %w", err)
	}
	return images, nil
}
