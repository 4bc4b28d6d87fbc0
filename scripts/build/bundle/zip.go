package bundle

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"time"
)

// epoch is the earliest time that the zip format can store.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Zip returns a zip file with one executable. The bytes depend on the name and
// the binary only.
func Zip(name string, binary []byte) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	// The time and the mode of the file are fixed: a real time would change the
	// bytes.
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
	header.SetMode(0o755) // FC executes it
	w, err := z.CreateHeader(header)
	if err == nil {
		_, err = w.Write(binary)
	}
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}
