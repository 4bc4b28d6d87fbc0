package ossbucket_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
)

// FuzzAnswer lets a server answer anything: no call may panic, read more than
// the limit, tell a secret or take what is not OSS' word for a missing key.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "0123456789", "10", "bytes 5-9/10", "4")
	f.Add(206, "56789", "5", "bytes 5-9/10", "")
	f.Add(206, "234", "3", "bytes 2-4/10", "7")
	f.Add(416, "<Error><Code>InvalidRange</Code></Error>", "", "", "")
	f.Add(404, "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>", "-1", "", "")
	f.Add(200, "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>k%zz</Key></Contents>"+
		"</ListBucketResult>", "", "", "")
	f.Add(304, "", "99999999999999999999", "bytes", "18446744073709551616")
	f.Add(404, "<Error><Code>NoSuch<!-- -->K&#101;y</Code></Error>", "", "", "") // the same word, written otherwise
	f.Add(404, "<Error><Code>NoSuch<![CDATA[Key]]></Code></Error>", "", "", "")
	// the word in another place
	f.Add(404, "<Error><Message>NoSuchKey</Message><Code>NoSuchBucket</Code></Error>", "", "", "")
	f.Add(404, "<Error><Code>NoSuchKey</Code><Code>AccessDenied</Code></Error>NoSuchKey", "", "", "")
	f.Add(403, "<Error><Code>AccessDenied</Code><Message>planted-id "+
		"planted-\nsecret</Message><EC>planted-token</EC></Error>", "", "", "")
	// secrets that come back
	f.Add(200, "<ListBucketResult><Contents><Key>planted-secret</Key></Contents></ListBucketResult>", "",
		"planted-token", "planted-id")
	f.Add(200, "<planted-token>", "", "", "")
	f.Add(200, "<ListBucketResult><IsTruncated>true</IsTruncated>"+
		"<NextContinuationToken>%2541</NextContinuationToken><EncodingType>url</EncodingType>"+
		"<Contents><Key>k%25zz</Key></Contents></ListBucketResult>", "", "", "")
	f.Add(206, "012345678901", "-5", "bytes 0-11/12", "")                       // more than was asked for
	f.Add(206, "", "0", "bytes 5-4/5", "")                                      // nothing
	f.Add(206, "x", "", "bytes 5-5/9223372036854775808", "")                    // a size that no number holds
	f.Add(299, strings.Repeat("x", 1001), "524289", "", "10")                   // more than an object may have
	f.Add(503, strings.Repeat("<Error>", 10_000)+"<Code>NoSuchKey", "", "", "") // more than an error has
	f.Add(999, "<Error><Code>NoSuchKey</Code></Error>", "", "", "")
	most := map[string]int{"GetFrom": 99, "GetPart": 3, "GetWhole": 10} // bytes
	f.Fuzz(func(t *testing.T, status int, body, length, contentRange, number string) {
		if status < 200 || status > 999 {
			t.Skip("net/http lets no such answer through")
		}
		b, err := ossbucket.New(ossbucket.Options{
			Endpoint: "http://127.0.0.1", Region: "cn-hangzhou", Bucket: "images", MaxObject: 1000,
			Retry: ossbucket.Retry{Tries: 1},
			Credentials: func(context.Context) (cloud.Credentials, error) {
				return cloud.Credentials{AccessKeyID: "planted-id", AccessKeySecret: "planted-secret",
					SecurityToken: "planted-token"}, nil
			},
			Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader([]byte(body))),
					Header: http.Header{
						"Content-Length": {length}, "Content-Range": {contentRange}, "X-Oss-Hash-Crc64ecma": {number},
						"X-Oss-Next-Append-Position": {number},
					}}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		var word oss.ServiceError
		missing := xml.Unmarshal([]byte(body[:min(len(body), 64<<10)]), &word) == nil && word.Code == "NoSuchKey"
		for verb, call := range calls {
			got, err := call(context.Background(), b)
			switch {
			case err == nil && len(got) > 1000:
				t.Errorf("%s reads %d bytes", verb, len(got))
			case err == nil && verb == "Delete" && missing: // what is gone is gone
			case err == nil && len(got) > most[verb] && most[verb] > 0:
				t.Errorf("%s reads %d bytes, asked for %d", verb, len(got), most[verb])
			// it begins beyond the end
			case err == nil && status == http.StatusRequestedRangeNotSatisfiable && most[verb] > 0:
			case err == nil && status >= 300:
				t.Errorf("%s takes %d for success", verb, status)
			case errors.Is(err, fs.ErrNotExist) && !missing:
				t.Errorf("%s takes %d %q for a missing key: %v", verb, status, body, err)
			case err != nil && (strings.Contains(err.Error(), "planted-id") ||
				strings.Contains(err.Error(), "planted-secret") || strings.Contains(err.Error(), "planted-token")):
				t.Errorf("%s tells a secret: %v", verb, err)
			}
		}
	})
}
