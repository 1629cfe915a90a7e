package cbrapi_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
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

// BenchmarkList reads a page of 1000 tasks, of 1.4 KB and with every field of a
// backup, from memory.
//
// The target is 60 ms, 12 MB and 165,000 allocations on a shared core: a history
// of 50,000 tasks then takes less than 3 seconds of work, once an hour at most.
// Three quarters of it are encoding/json.
func BenchmarkList(b *testing.B) {
	task := sampleRow(b, "backup.json")
	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = strings.Replace(task, taskID, idOf(i), 1)
	}
	body := []byte(`{"operation_logs":[` + strings.Join(rows, ",") + `],"count":50000}`)
	client := newClient(b, cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: roundTripper(
		func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
		})})
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		tasks, err := client.List(cbrapi.ListFilter{}).Next(b.Context())
		if err != nil || len(tasks) != len(rows) {
			b.Fatalf("Next() = %d tasks, %v", len(tasks), err)
		}
	}
}
