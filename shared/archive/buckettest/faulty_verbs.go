package buckettest

import "context"

// Get implements archive.Reader.
func (f *Faulty) Get(ctx context.Context, key, etag string) (data []byte, current string, err error) {
	fault, err := f.callInner(ctx, Op{Verb: "get", Key: key}, func() (err error) {
		data, current, err = f.inner.Get(ctx, key, etag)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return fault.changeData(data), current, nil
}

// GetFrom implements archive.Reader.
func (f *Faulty) GetFrom(ctx context.Context, key string, offset, limit int64) (data []byte, err error) {
	fault, err := f.callInner(ctx, Op{Verb: "getfrom", Key: key, At: offset}, func() (err error) {
		data, err = f.inner.GetFrom(ctx, key, offset, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return fault.changeData(data), nil
}

// List implements archive.Reader.
func (f *Faulty) List(ctx context.Context, prefix string) (keys []string, err error) {
	_, err = f.callInner(ctx, Op{Verb: "list", Key: prefix}, func() (err error) {
		keys, err = f.inner.List(ctx, prefix)
		return err
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// IsAppendable implements archive.Reader.
func (f *Faulty) IsAppendable(ctx context.Context, key string) (appendable bool, err error) {
	_, err = f.callInner(ctx, Op{Verb: "type", Key: key}, func() (err error) {
		appendable, err = f.inner.IsAppendable(ctx, key)
		return err
	})
	return appendable && err == nil, err
}

// Put implements archive.Bucket.
func (f *Faulty) Put(ctx context.Context, key string, data []byte) error {
	_, err := f.callInner(ctx, Op{Verb: "put", Key: key}, func() error { return f.inner.Put(ctx, key, data) })
	return err
}

// Create implements archive.Bucket.
func (f *Faulty) Create(ctx context.Context, key string, data []byte) error {
	_, err := f.callInner(ctx, Op{Verb: "create", Key: key}, func() error { return f.inner.Create(ctx, key, data) })
	return err
}

// Append implements archive.Bucket.
func (f *Faulty) Append(ctx context.Context, key string, position int64, data []byte) (length int64, err error) {
	_, err = f.callInner(ctx, Op{Verb: "append", Key: key, At: position}, func() (err error) {
		length, err = f.inner.Append(ctx, key, position, data)
		return err
	})
	if err != nil {
		return 0, err
	}
	return length, nil
}
