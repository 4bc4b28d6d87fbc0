package osstest

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// listResult is the response to both versions of a list. Its fields are those of
// OSS' document.
type listResult struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
	Marker                string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	MaxKeys               int
	Delimiter             string
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	NextMarker            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	KeyCount              int
	Contents              []listedObject
	CommonPrefixes        []commonPrefix
}

type listedObject struct {
	Key, LastModified, ETag, Type string
	Size                          int64
	StorageClass                  string
}

type commonPrefix struct{ Prefix string }

// listObjects answers GetBucket (ListObjects) and ListObjectsV2. gofakes3's own
// lists do not heed encoding-type and have the defaults of AWS.
func (s *Server) listObjects(a *response, req Request) error {
	q := req.Query
	v2 := q.Get("list-type") == "2"
	result := listResult{Name: req.Bucket, Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), MaxKeys: 100,
		EncodingType: q.Get("encoding-type")}
	if given := q.Get("max-keys"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > 1000 {
			return &ossError{Code: "InvalidArgument", Message: "max-keys must be from 1 to 1000"}
		}
		result.MaxKeys = n
	}
	after := q.Get("marker")
	if v2 {
		after = q.Get("start-after")
		if token := q.Get("continuation-token"); token != "" {
			key, err := base64.StdEncoding.DecodeString(token)
			if err != nil {
				return &ossError{Code: "InvalidArgument", Message: "The continuation token is not valid."}
			}
			after = string(key)
		}
		result.StartAfter, result.ContinuationToken = q.Get("start-after"), q.Get("continuation-token")
	} else {
		result.Marker = after
	}
	last, err := s.fillPage(&result, after)
	if err != nil {
		return err
	}
	if result.IsTruncated && v2 {
		result.NextContinuationToken = base64.StdEncoding.EncodeToString([]byte(last))
	} else if result.IsTruncated {
		result.NextMarker = last
	}
	result.encodeKeys()
	a.header.Set("Content-Type", "application/xml")
	a.status = http.StatusOK
	a.body.WriteString(xml.Header)
	return xml.NewEncoder(a.body).Encode(result)
}

// fillPage fills in the keys after one. last is the last key or common prefix of
// the page.
func (s *Server) fillPage(result *listResult, after string) (last string, err error) {
	all, err := s.store.ListBucket(result.Name, &gofakes3.Prefix{HasPrefix: result.Prefix != "", Prefix: result.Prefix},
		gofakes3.ListBucketPage{})
	if err != nil {
		return "", err
	}
	for _, c := range all.Contents {
		name := c.Key
		if result.Delimiter != "" {
			if before, _, ok := strings.Cut(c.Key[len(result.Prefix):], result.Delimiter); ok {
				name = result.Prefix + before + result.Delimiter
			}
		}
		if name <= after || name == last {
			continue
		}
		if result.KeyCount == result.MaxKeys {
			result.IsTruncated = true
			return last, nil
		}
		if name != c.Key {
			result.CommonPrefixes = append(result.CommonPrefixes, commonPrefix{name})
		} else {
			o, err := s.store.HeadObject(result.Name, c.Key)
			if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
				continue // deleted meanwhile
			} else if err != nil {
				return "", err
			}
			modified, _ := http.ParseTime(o.Metadata["Last-Modified"])
			result.Contents = append(result.Contents, listedObject{
				Key: c.Key, LastModified: modified.UTC().Format("2006-01-02T15:04:05.000Z"),
				ETag: fmt.Sprintf("\"%X\"", o.Hash),
				Type: o.Metadata["X-Oss-Object-Type"], Size: o.Size, StorageClass: "Standard",
			})
		}
		last = name
		result.KeyCount++
	}
	return last, nil
}

// encodeKeys percent-encodes the keys if encoding-type=url was requested.
func (r *listResult) encodeKeys() {
	if r.EncodingType != "url" {
		r.EncodingType = ""
		return
	}
	fields := []*string{&r.Prefix, &r.Marker, &r.StartAfter, &r.Delimiter, &r.NextMarker, &r.ContinuationToken,
		&r.NextContinuationToken}
	for i := range r.Contents {
		fields = append(fields, &r.Contents[i].Key)
	}
	for i := range r.CommonPrefixes {
		fields = append(fields, &r.CommonPrefixes[i].Prefix)
	}
	for _, field := range fields {
		*field = url.QueryEscape(*field)
	}
}
