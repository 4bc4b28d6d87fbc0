package deploytest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"community-images/shared/cloud"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket"
)

// resource is a resource as it was made.
type resource struct {
	name, kind string
	properties map[string]any
	physical   string
	attributes map[string]any
	retained   bool   // by its deletion policy
	close      func() // of a trigger
}

// text is a property that must be a string.
func (r *resource) text(name string) string {
	s, _ := r.properties[name].(string)
	return s
}

// bring makes the resource, or changes it from what it was.
func (r *resource) bring(s *stack, was *resource) error {
	switch r.kind {
	case "ALIYUN::OSS::Bucket":
		return r.bringBucket(s, was)
	case "ALIYUN::FC3::Function":
		return r.bringFunction(s, was)
	case "ALIYUN::FC3::Trigger":
		return r.bringTrigger(s, was)
	}
	r.physical = s.cloud.id(r.name)
	if was != nil {
		r.physical = was.physical
	}
	// Nothing else is looked at: its attributes are texts that tell their place.
	r.attributes = map[string]any{}
	for _, name := range []string{"Arn", "ARN", "Name", "RoleName", "RoleId", "Project", "Logstore", "LogstoreName", "PolicyName", "DomainName", "FunctionName"} {
		r.attributes[name] = r.physical + "." + name
	}
	for name, v := range r.properties {
		if text, ok := v.(string); ok {
			r.attributes[name] = text
		}
	}
	return nil
}

// remove ends the resource.
func (r *resource) remove(s *stack) error {
	switch r.kind {
	case "ALIYUN::OSS::Bucket":
		b, err := s.cloud.bucket(r.physical)
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

// bucket opens a bucket as the deployer, whose rights ROS uses.
func (c *Cloud) bucket(name string) (*ossbucket.Bucket, error) {
	return ossbucket.New(ossbucket.Options{Endpoint: c.OSS, Bucket: name, Credentials: func(context.Context) (cloud.Credentials, error) {
		return c.Key, nil
	}})
}

func (r *resource) bringBucket(s *stack, was *resource) error {
	r.physical = r.text("BucketName")
	r.attributes = map[string]any{"Name": r.physical, "Arn": "acs:oss:*:*:" + r.physical, "DomainName": r.physical + ".oss.test", "InternalDomainName": r.physical + ".oss-internal.test"}
	if was != nil {
		if was.physical != r.physical {
			return errors.New("BucketName cannot be changed")
		}
		return nil
	}
	b, err := s.cloud.bucket(r.physical)
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

func (r *resource) bringFunction(s *stack, was *resource) error {
	name := r.text("FunctionName")
	if r.physical = name; was == nil && s.cloud.funcs[name] != nil {
		return fmt.Errorf("FunctionAlreadyExists: function %q already exists", name)
	}
	if r.text("Runtime") != "go1" {
		return fmt.Errorf("InvalidArgument: runtime %q is not run here", r.text("Runtime"))
	}
	binary, err := r.unpack(s)
	if err != nil {
		return err
	}
	env, _ := r.properties["EnvironmentVariables"].(map[string]any)
	f := &function{binary: binary, options: fctest.Options{Name: name, Region: s.cloud.Region, Credentials: s.cloud.Role, Timeout: time.Minute}}
	for _, key := range slices.Sorted(maps.Keys(env)) {
		f.options.Env = append(f.options.Env, key+"="+fmt.Sprint(env[key]))
	}
	// The services that FC would reach by their names.
	f.options.Env = append(f.options.Env, s.cloud.Env...)
	f.options.Env = append(f.options.Env, "OSS_ENDPOINT="+s.cloud.OSS, "EHPC_ENDPOINT="+s.cloud.EHPC)
	if old := s.cloud.funcs[name]; old != nil {
		old.close()
	}
	s.cloud.funcs[name] = f
	r.attributes = map[string]any{"FunctionName": name, "FunctionId": s.cloud.id("function"), "ARN": "acs:fc:" + s.cloud.Region + ":1234567890123456:functions/" + name}
	if was != nil {
		r.attributes["FunctionId"] = was.attributes["FunctionId"]
	}
	return nil
}

// unpack fetches the code and returns the path of its handler.
func (r *resource) unpack(s *stack) (string, error) {
	code, _ := r.properties["Code"].(map[string]any)
	b, err := s.cloud.bucket(fmt.Sprint(code["OssBucketName"]))
	if err != nil {
		return "", err
	}
	data, _, err := b.Get(context.Background(), fmt.Sprint(code["OssObjectName"]), "")
	if err != nil {
		return "", fmt.Errorf("InvalidArgument: fetching the code: %w", err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", fmt.Errorf("InvalidArgument: opening the code: %w", err)
	}
	f, err := z.Open(r.text("Handler"))
	if err != nil {
		return "", fmt.Errorf("InvalidArgument: the code has no handler: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("InvalidArgument: handler %s is not executable", r.text("Handler"))
	}
	path := filepath.Join(s.cloud.t.TempDir(), r.text("Handler"))
	// A process that is forked meanwhile would hold the file open for writing,
	// and nobody could execute it until that process ends.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(out, f)
		err = errors.Join(err, out.Close())
	}
	return path, err
}
