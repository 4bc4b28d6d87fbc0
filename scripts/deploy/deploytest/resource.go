package deploytest

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"community-images/shared/cloud"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket"
)

// resource is a resource of a stack.
type resource struct {
	name, kind string // logical name and type
	properties map[string]any
	physical   string // id in its service
	attributes map[string]any
	retained   bool           // its deletion policy keeps it
	close      func()         // of a trigger
	server     *triggerServer // of an HTTP trigger
}

// text returns a property. It is empty if the property is not a string.
func (r *resource) text(name string) string {
	s, _ := r.properties[name].(string)
	return s
}

// apply creates the resource, or updates the one before it.
func (r *resource) apply(s *stack, before *resource) error {
	switch r.kind {
	case "ALIYUN::OSS::Bucket":
		return r.applyBucket(s, before)
	case "ALIYUN::FC3::Function":
		return r.applyFunction(s, before)
	case "ALIYUN::FC3::Trigger":
		return r.applyTrigger(s, before)
	}
	r.physical = s.cloud.newID(r.name)
	if before != nil {
		r.physical = before.physical
	}
	// Other types are not simulated. Their attributes are texts that say whose
	// they are.
	r.attributes = map[string]any{}
	for _, name := range otherAttributes {
		r.attributes[name] = r.physical + "." + name
	}
	for name, v := range r.properties {
		if text, ok := v.(string); ok {
			r.attributes[name] = text
		}
	}
	return nil
}

// otherAttributes are the attributes of types that are not simulated.
var otherAttributes = []string{
	"Arn", "ARN", "Name", "RoleName", "RoleId", "Project", "Logstore", "LogstoreName", "PolicyName", "DomainName",
	"FunctionName",
}

// remove deletes the resource from its service.
func (r *resource) remove(s *stack) error {
	switch r.kind {
	case "ALIYUN::OSS::Bucket":
		b, err := s.cloud.openBucket(r.physical)
		if err != nil {
			return err
		}
		return b.Remove(context.Background())
	case "ALIYUN::FC3::Function":
		s.cloud.funcs[r.physical].close()
		delete(s.cloud.funcs, r.physical)
	case "ALIYUN::FC3::Trigger":
		r.close()
	}
	return nil
}

// openBucket opens a bucket with the deployer's key, as ROS does.
func (c *Cloud) openBucket(name string) (*ossbucket.Bucket, error) {
	credentials := func(context.Context) (cloud.Credentials, error) { return c.Key, nil }
	return ossbucket.New(ossbucket.Options{Endpoint: c.OSS, Region: c.Region, Bucket: name, Credentials: credentials})
}

func (r *resource) applyBucket(s *stack, before *resource) error {
	r.physical = r.text("BucketName")
	r.attributes = map[string]any{
		"Name": r.physical, "Arn": "acs:oss:*:*:" + r.physical,
		"DomainName": r.physical + ".oss.test", "InternalDomainName": r.physical + ".oss-internal.test",
	}
	if before != nil {
		if before.physical != r.physical {
			return errors.New("BucketName cannot be changed")
		}
		return nil
	}
	b, err := s.cloud.openBucket(r.physical)
	if err != nil {
		return err
	}
	if _, err := b.List(context.Background(), ""); err == nil {
		return errors.New("BucketAlreadyExists: The requested bucket name is not available")
	} else if !errors.Is(err, ossbucket.ErrNoBucket) {
		return err
	}
	return b.Make(context.Background())
}

// function is a deployed function. It is started by its first invocation.
type function struct {
	binary  string
	options fctest.Options
	running *fctest.Function
}

func (f *function) close() {
	if f.running != nil {
		f.running.Stop()
		f.running = nil
	}
}

func (r *resource) applyFunction(s *stack, before *resource) error {
	name := r.text("FunctionName")
	if r.physical = name; before == nil && s.cloud.funcs[name] != nil {
		return fmt.Errorf("FunctionAlreadyExists: function %q already exists", name)
	}
	if r.text("Runtime") != "go1" {
		return fmt.Errorf("InvalidArgument: runtime %q is not supported here", r.text("Runtime"))
	}
	binary, err := r.unpackHandler(s)
	if err != nil {
		return err
	}
	env, _ := r.properties["EnvironmentVariables"].(map[string]any)
	role := s.cloud.Role
	if s.cloud.RoleOf != nil {
		role = s.cloud.RoleOf(name)
	}
	f := &function{binary: binary, options: fctest.Options{
		Name: name, Region: s.cloud.Region, Credentials: role, Timeout: s.cloud.timeout(r.properties["Timeout"]),
	}}
	for _, key := range slices.Sorted(maps.Keys(env)) {
		f.options.Env = append(f.options.Env, key+"="+fmt.Sprint(env[key]))
	}
	// FC would reach the services by their names.
	f.options.Env = append(f.options.Env, s.cloud.Env...)
	f.options.Env = append(f.options.Env, "OSS_ENDPOINT="+s.cloud.OSS, "EHPC_ENDPOINT="+s.cloud.EHPC)
	if old := s.cloud.funcs[name]; old != nil {
		old.close()
	}
	s.cloud.funcs[name] = f
	r.attributes = map[string]any{
		"FunctionName": name, "FunctionId": s.cloud.newID("function"),
		"ARN": "acs:fc:" + s.cloud.Region + ":" + account + ":functions/" + name,
	}
	if before != nil {
		r.attributes["FunctionId"] = before.attributes["FunctionId"]
	}
	return nil
}

// unpackHandler fetches the code and writes the handler to a file. It returns
// the path of the file.
func (r *resource) unpackHandler(s *stack) (string, error) {
	code, _ := r.properties["Code"].(map[string]any)
	b, err := s.cloud.openBucket(fmt.Sprint(code["OssBucketName"]))
	if err != nil {
		return "", err
	}
	data, _, err := b.Get(context.Background(), fmt.Sprint(code["OssObjectName"]), "")
	if err != nil {
		return "", fmt.Errorf("InvalidArgument: fetching the code: %w", err)
	}
	handler := r.text("Handler")
	key := unpackedKey{sha256.Sum256(data), handler}
	unpack, _ := unpacked.LoadOrStore(key, sync.OnceValues(func() ([]byte, error) { return unzip(data, handler) }))
	binary, err := unpack.(func() ([]byte, error))()
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.cloud.t.TempDir(), handler)
	return path, writeExecutable(path, binary)
}

// unpacked holds the handlers of code packages: func() ([]byte, error) by unpackedKey.
// Tests deploy a few packages many times, and unpacking is slow with the race detector.
var unpacked sync.Map

// unpackedKey names a handler in a package by the SHA-256 of the package.
type unpackedKey struct {
	sum     [sha256.Size]byte
	handler string
}

// unzip returns a handler from a code package. It must be executable.
func unzip(data []byte, handler string) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("InvalidArgument: opening the code: %w", err)
	}
	f, err := z.Open(handler)
	if err != nil {
		return nil, fmt.Errorf("InvalidArgument: the code has no handler: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode()&0o111 == 0 {
		return nil, fmt.Errorf("InvalidArgument: handler %s is not executable", handler)
	}
	return io.ReadAll(f)
}

// writeExecutable writes an executable file.
func writeExecutable(path string, binary []byte) error {
	// A process that is forked meanwhile would inherit the open file, and the
	// file could not be executed until that process ends.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, binary, 0o755)
}
