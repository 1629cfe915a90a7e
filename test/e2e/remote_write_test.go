//go:build e2e

package e2e

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// staleMarker is the value with which Prometheus says that a series has ended.
var staleMarker = math.Float64frombits(0x7ff0000000000002)

// writer writes to a Prometheus as its own scrapes and rules would at another time.
// What is not written again has ended.
type writer struct {
	prometheus prometheus
	written    map[string]map[model.Fingerprint]model.Metric // by the scrape or rule
}

// write writes all samples that a scrape or a rule has brought.
func (w *writer) write(t *testing.T, from string, at time.Time, samples model.Vector) {
	t.Helper()
	now := map[model.Fingerprint]model.Metric{}
	var request []byte
	add := func(m model.Metric, value float64) {
		request = message(request, 1, timeSeries(m, value, at))
	}
	for _, s := range samples {
		now[s.Metric.Fingerprint()] = s.Metric
		add(s.Metric, float64(s.Value))
	}
	for print, m := range w.written[from] {
		if now[print] == nil {
			add(m, staleMarker)
		}
	}
	w.written[from] = now
	if len(request) > 0 {
		w.send(t, snappy(request))
	}
}

func (w *writer) send(t *testing.T, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.prometheus.address+"/api/v1/write", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if said, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
		t.Fatalf("remote write: %s: %s", resp.Status, said)
	}
}

// timeSeries is a message TimeSeries of one sample, see
// https://github.com/prometheus/prometheus/blob/main/prompb/types.proto.
func timeSeries(m model.Metric, value float64, at time.Time) []byte {
	var series []byte
	for _, name := range slices.Sorted(maps.Keys(m)) {
		label := message(nil, 1, []byte(name))
		series = message(series, 1, message(label, 2, []byte(m[name])))
	}
	sample := binary.LittleEndian.AppendUint64([]byte{1<<3 | 1}, math.Float64bits(value))
	sample = binary.AppendUvarint(append(sample, 2<<3), uint64(at.UnixMilli()))
	return message(series, 2, sample)
}

// message appends a field of protobuf that has a length.
func message(to []byte, field uint64, content []byte) []byte {
	to = binary.AppendUvarint(to, field<<3|2)
	to = binary.AppendUvarint(to, uint64(len(content)))
	return append(to, content...)
}

// snappy is Snappy's block format without any compression.
func snappy(content []byte) []byte {
	block := binary.AppendUvarint(nil, uint64(len(content)))
	for chunk := range slices.Chunk(content, 1<<16) {
		block = append(block, 61<<2) // a literal whose length has two bytes
		block = binary.LittleEndian.AppendUint16(block, uint16(len(chunk)-1))
		block = append(block, chunk...)
	}
	return block
}
