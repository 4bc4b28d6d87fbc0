// Command hello is the least function there is: the FC SDK and a constant
// answer. Benchmarks compare with it.
package main

import "github.com/aliyun/fc-runtime-go-sdk/fc"

type response struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Body            string            `json:"body"`
}

func main() {
	fc.Start(func([]byte) (response, error) {
		return response{StatusCode: 200, Headers: map[string]string{"Content-Type": "text/plain"}, Body: "hello\n"}, nil
	})
}
