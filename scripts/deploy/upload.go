package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
)

// openBucket opens a bucket with the deployer's credentials. It sends nothing.
func (d *deployment) openBucket(name string) (*ossbucket.Bucket, error) {
	// A package has megabytes, and the deployer's line may be slow.
	return ossbucket.New(ossbucket.Options{
		Endpoint: d.endpoints.oss, Region: d.region, Bucket: name, ReadTimeout: time.Minute,
		Retry:       ossbucket.Retry{Tries: 5, FirstDelay: time.Second, MaxDelay: 10 * time.Second},
		Credentials: func(context.Context) (cloud.Credentials, error) { return d.credentials, nil },
	})
}

// uploadCode uploads the code packages to the code bucket. The name of a
// package contains its hash, so an object that is there already is the same.
func (d *deployment) uploadCode(ctx context.Context) error {
	// The code bucket must be in the region of the functions: FC fetches from there
	// only.
	bucket, err := d.openBucket(d.codeBucket)
	if err != nil {
		return fmt.Errorf("opening the code bucket: %w", err)
	}
	if d.createCodeBucket {
		// Creating one's own bucket again would reset its access rules.
		exists, err := bucket.Exists(ctx)
		if err == nil && !exists {
			err = bucket.Make(ctx)
		}
		if err != nil {
			return err
		}
	}
	// Create refuses to replace an object: what is there is what was deployed before.
	for _, b := range d.bundles {
		switch err := bucket.Create(ctx, b.Name, b.Zip); {
		case err == nil:
			fmt.Fprintf(d.out, "uploaded oss://%s/%s, %.2f MB\n", d.codeBucket, b.Name, float64(len(b.Zip))/1e6)
		case errors.Is(err, fs.ErrExist): // the same bytes: the name has their hash
			fmt.Fprintf(d.out, "oss://%s/%s is there already\n", d.codeBucket, b.Name)
		case errors.Is(err, ossbucket.ErrNoBucket):
			return fmt.Errorf("uploading the code: bucket %q does not exist; -create-code-bucket creates it",
				d.codeBucket)
		default:
			return fmt.Errorf("uploading the code: %w", err)
		}
	}
	return nil
}
