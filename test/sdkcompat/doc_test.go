// Package sdkcompat compares the exporter and its simulated cloud with the
// vendor's SDK, https://github.com/huaweicloud/huaweicloud-sdk-go-v3.
//
// It is a separate module, so that the exporter neither links the SDK nor has its
// dependencies in go.sum:
//
//	cd test/sdkcompat && go test ./...
package sdkcompat
