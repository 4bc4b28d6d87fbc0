package ehpc

import (
	"context"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/cloud/rpc"
)

func TestEndpointOfARegion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		option string
		want   rpc.Endpoint
	}{
		{"", rpc.Endpoint{Protocol: "https", Host: "ehpc.cn-beijing.aliyuncs.com"}},
		{"https://ehpc-vpc.{region}.aliyuncs.com",
			rpc.Endpoint{Protocol: "https", Host: "ehpc-vpc.cn-beijing.aliyuncs.com"}},
		{"http://127.0.0.1:8080", rpc.Endpoint{Protocol: "http", Host: "127.0.0.1:8080"}},
	} {
		c, err := New(Options{Endpoint: tc.option, Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.endpoint("cn-beijing"); err != nil || got != tc.want {
			t.Errorf("endpoint %q: got %+v, %v, want %+v", tc.option, got, err, tc.want)
		}
	}
}
