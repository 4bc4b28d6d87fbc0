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

// ImagesRequest holds the parameters of ListCommunityImages. RegionID is required.
// Another field that is empty is not sent, and then restricts nothing.
type ImagesRequest struct {
	RegionID     string // for example cn-hangzhou; it also chooses the endpoint
	ClusterID    string // for example ehpc-hz-FYUr32hD1k
	InstanceType string // for example ecs.c7.large
	BaseOsTag    string // for example CentOS_7.2_64
}

// ImagesAnswer is an answer to ListCommunityImages. Its images are decoded only on
// demand, because decoding costs more CPU time than the signed call.
type ImagesAnswer struct {
	// RequestID is E-HPC's id of the call. It may be empty.
	RequestID string
	// Fingerprint is the hex SHA-256 of the bytes that hold the images. If Decode has
	// accepted an answer with the same fingerprint, this one has the same images and
	// need not be decoded. Otherwise only Decode can tell whether the answer is good.
	Fingerprint string
	// Decode reads the images. It returns an *Error of class Malformed if the answer
	// does not have the documented shape: it is not JSON, has no Images object, its
	// ImageInfo is missing or not an array (null included), or an entry is not an image.
	// So it does if an entry has no canonical form (see catalog.Canonical): it is not
	// UTF-8, has a member twice, or is nested too deeply. An answer that says that it is
	// only a part of a list is an error as well. An empty array is an empty list.
	Decode func(*catalog.Interner) ([]*catalog.Image, error)
}

// listImagesAction is the name of the API operation.
const listImagesAction = "ListCommunityImages"

// ListCommunityImages asks which community images a cluster or instance type
// may use.
// https://www.alibabacloud.com/help/en/e-hpc/e-hpc-1-0/developer-reference/api-ehpc-2018-04-12-listcommunityimages
func (c *Client) ListCommunityImages(ctx context.Context, req ImagesRequest) (*ImagesAnswer, error) {
	query := map[string]string{"ClusterId": req.ClusterID, "InstanceType": req.InstanceType, "BaseOsTag": req.BaseOsTag}
	maps.DeleteFunc(query, func(_, value string) bool { return value == "" })
	r, err := c.call(ctx, listImagesAction, req.RegionID, query)
	if err != nil {
		return nil, err
	}
	return newImagesAnswer(r)
}

// newImagesAnswer finds the Images part of a response. It returns an error if it can
// tell without decoding that the shape is wrong.
func newImagesAnswer(r *reply) (*ImagesAnswer, error) {
	part, requestID, ok := cutImages(r.Body)
	if !ok {
		doc, err := parseAnswer(r.Body)
		if err != nil {
			return nil, r.newMalformedError(err)
		}
		// Checked here and not in Decode: images that are known are not decoded.
		if _, err := findWholeList(doc, "Images", "ImageInfo"); err != nil {
			return nil, r.newMalformedError(err)
		}
		part, requestID = doc["Images"], parseRequestID(doc)
	}
	sum := sha256.Sum256(part)
	return &ImagesAnswer{
		RequestID:   requestID,
		Fingerprint: hex.EncodeToString(sum[:]),
		Decode: func(in *catalog.Interner) ([]*catalog.Image, error) {
			images, err := decodeImages(r.Body, part, in)
			if err != nil {
				return nil, r.newMalformedError(err)
			}
			return images, nil
		},
	}, nil
}

// decodeImages reads the images of a body. part is its Images member, as cut by
// cutImages or parsed.
func decodeImages(body, part []byte, in *catalog.Interner) ([]*catalog.Image, error) {
	// cutImages saw this outline. If the text between is one valid array, the whole
	// body is valid, and need not be parsed.
	if array, ok := cutArray(part); ok {
		if images, err := in.DecodeImages(array); err == nil {
			return images, nil
		} else if json.Valid(array) {
			return nil, fmt.Errorf("Images.ImageInfo: %w", err)
		}
	}
	doc, err := parseAnswer(body)
	if err != nil {
		return nil, err
	}
	// The text between is no array: something follows the list, such as a NextToken.
	array, err := findWholeList(doc, "Images", "ImageInfo")
	if err != nil {
		return nil, err
	}
	images, err := in.DecodeImages(array)
	if err != nil {
		return nil, fmt.Errorf("Images.ImageInfo: %w", err)
	}
	return images, nil
}
