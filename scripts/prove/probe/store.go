package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"community-images/scripts/prove/probeapi"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/ossbucket"
)

// store is the bucket of the deployment, as the role of the function opens it.
type store struct {
	bucket *ossbucket.Bucket
	prefix string // OSS_PREFIX: the role may reach only what is below probeapi.Archive of it
}

// openStore opens the bucket of the settings.
func openStore(conf config.Snapshot, credentials *cloud.Source) (*store, error) {
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: conf.OSS.Endpoint, Region: conf.OSS.Region, Bucket: conf.OSS.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) { return credentials.Newest(), nil },
	})
	return &store{bucket, conf.OSS.Prefix}, err
}

// record stores what was seen of an invocation.
func (s *store) record(ctx context.Context, seen probeapi.Seen) error {
	data, err := json.Marshal(seen)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s%s%s-%d.json", s.prefix, probeapi.EventsBelow, seen.RequestID, seen.RetryCount)
	return s.bucket.Put(ctx, key, data)
}

// tryAll tries what the role may do. It leaves nothing behind if the role may
// delete what it wrote.
func (s *store) tryAll(ctx context.Context) probeapi.StoreSeen {
	// The prefix ends with no slash.
	below, outside := s.prefix+probeapi.Archive+"prove/try", s.prefix+"/prove/try"
	var seen probeapi.StoreSeen
	_, _, err := s.bucket.Get(ctx, below+"-missing", "")
	seen.Missing = outcome(err)
	_, _, err = s.bucket.Get(ctx, outside+"-missing", "")
	seen.MissingOutside = outcome(err)
	_, err = s.bucket.List(ctx, below)
	seen.List = outcome(err)
	_, err = s.bucket.List(ctx, "")
	seen.ListOutside = outcome(err)
	seen.Put = outcome(s.bucket.Put(ctx, below, []byte("x")))
	seen.PutOutside = outcome(s.bucket.Put(ctx, outside, []byte("x")))
	_, err = s.bucket.Append(ctx, below+"-log", 0, []byte("x"))
	seen.Append = outcome(err)
	seen.Delete = outcome(errors.Join(s.bucket.Delete(ctx, below), s.bucket.Delete(ctx, below+"-log")))
	return seen
}

// outcome returns the text of a StoreSeen for the result of a request.
func outcome(err error) string {
	switch {
	case err == nil:
		return probeapi.Allowed
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), "the object is not there"):
		return probeapi.Hidden
	case errors.Is(err, fs.ErrNotExist):
		return probeapi.NotFound
	case errors.Is(err, fs.ErrPermission):
		return probeapi.Refused
	}
	return err.Error()
}
