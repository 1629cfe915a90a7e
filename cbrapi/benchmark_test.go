package cbrapi_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// BenchmarkOperationLog reads the vendor's sample through a transport that
// answers from memory: the request and the decoding, without a network.
//
// The target is 100 µs and 160 allocations on a shared core: a pass of 1000
// tasks then takes a tenth of a second of work. Half of it is encoding/json.
func BenchmarkOperationLog(b *testing.B) {
	sample, id := testdata(b, "sample.json")
	body := []byte(sample)
	client := newClient(b, cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: roundTripper(
		func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
		})})
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := client.OperationLog(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}
}
