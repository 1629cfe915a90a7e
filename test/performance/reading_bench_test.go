//go:build unix

package performance_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// BenchmarkDecode reads a list of 1,000 tasks. Without the exporter, a bare client sends the same
// request and encoding/json reads the list.
func BenchmarkDecode(b *testing.B) {
	c := newCloud(b, 5, 200)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	api, err := cbrapi.New(cbrapi.Options{
		Endpoint: c.url, Transport: credentials.Token(credentials.Fixed(token), transport),
	}, simulator.DefaultProjectID)
	if err != nil {
		b.Fatal(err)
	}
	read := func() {
		if tasks, err := api.OperationLogs(cbrapi.ListFilter{}).Next(b.Context()); err != nil || len(tasks) != 1000 {
			b.Fatal(len(tasks), err)
		}
	}
	read()
	requests := c.takeRequests()

	b.Run("client", func(b *testing.B) {
		began := cpu(b)
		for b.Loop() {
			read()
		}
		reportCPU(b, began)
	})
	b.Run("without", func(b *testing.B) {
		began := cpu(b)
		for b.Loop() {
			if n := repeat(b, c.url, requests); n != 1000 {
				b.Fatal(n)
			}
		}
		reportCPU(b, began)
	})
}

// BenchmarkFullSync reads a history of 50,000 tasks of 2,000 resources: the first time, and
// again an hour later. Without the exporter, a bare client sends the same requests and
// encoding/json reads the lists.
func BenchmarkFullSync(b *testing.B) {
	c := newCloud(b, 25, 2000)
	e := start(b, c, "")
	defer e.stop()
	e.sync(b)
	requests := c.takeRequests()

	b.Run("first", func(b *testing.B) {
		began := cpu(b)
		for b.Loop() {
			fresh := start(b, c, "")
			fresh.sync(b)
			fresh.stop()
		}
		reportCPU(b, began)
		b.ReportMetric(float64(len(c.takeRequests()))/float64(b.N), "requests/op")
	})
	b.Run("again", func(b *testing.B) {
		began := cpu(b)
		for b.Loop() {
			c.advance(time.Hour)
			e.sync(b)
		}
		reportCPU(b, began)
		b.ReportMetric(float64(len(c.takeRequests()))/float64(b.N), "requests/op")
	})
	b.Run("without", func(b *testing.B) {
		began := cpu(b)
		for b.Loop() {
			repeat(b, c.url, requests)
		}
		reportCPU(b, began)
	})
}
