package cbrapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// TestListBounds has lists with as many rows as a client reads, and then one more.
func TestListBounds(t *testing.T) {
	for name, test := range map[string]struct {
		most int
		list string // its name in the response
		read func(context.Context, *cbrapi.Client) (rows int, err error)
	}{
		"all tasks": {1_000_000, "operation_logs", func(ctx context.Context, c *cbrapi.Client) (int, error) {
			return rowsBeforeError(ctx, c.OperationLogs(cbrapi.ListFilter{}))
		}},
		"running tasks": {50_000, "operation_logs", func(ctx context.Context, c *cbrapi.Client) (int, error) {
			return rowsBeforeError(ctx, c.OperationLogs(cbrapi.ListFilter{Status: cbrapi.StatusRunning}))
		}},
		"new tasks": {50_000, "operation_logs", func(ctx context.Context, c *cbrapi.Client) (int, error) {
			return rowsBeforeError(ctx, c.OperationLogs(cbrapi.ListFilter{StartTime: time.Unix(1, 0)}))
		}},
		"backups": {1_000_000, "backups", func(ctx context.Context, c *cbrapi.Client) (int, error) {
			return rowsBeforeError(ctx, c.Backups(cbrapi.BackupFilter{}))
		}},
		"protectable resources": {50_000, "instances", func(ctx context.Context, c *cbrapi.Client) (int, error) {
			return rowsBeforeError(ctx, c.Protectables(cbrapi.ProtectableTurbo))
		}},
		"vaults": {10_000, "vaults", func(ctx context.Context, c *cbrapi.Client) (int, error) {
			return rowsBeforeError(ctx, c.Vaults())
		}},
		"policies": {10_000, "policies", func(ctx context.Context, c *cbrapi.Client) (int, error) { // on one page
			first, _, err := c.Policies(ctx)
			if err == nil {
				_, _, err = c.Policies(ctx)
			}
			return len(first), err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && test.most > 10_000 {
				t.Skip("takes seconds, or does with the race detector")
			}
			client := newClient(t, longList(test.list, test.most))
			rows, err := test.read(t.Context(), client)
			if rows != test.most {
				t.Errorf("got %d rows, want %d", rows, test.most)
			}
			want := fmt.Sprintf("the list has more than %d rows, the most that the exporter reads of it", test.most)
			if err == nil || !strings.HasSuffix(err.Error(), want) || cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
				t.Errorf("got the error %v, want %q", err, want)
			}
		})
	}
}

// rowsBeforeError reads a list until it ends or fails.
func rowsBeforeError[T any](ctx context.Context, l *cbrapi.List[T]) (rows int, err error) {
	for !l.Done() {
		page, err := l.Next(ctx)
		if err != nil {
			return rows, err
		}
		rows += len(page)
	}
	return rows, nil
}

// longList returns a service whose list has as many rows as most, and one more once all of
// them have been sent. Its pages are as large as a client accepts.
func longList(list string, most int) cbrapi.Options {
	sent := 0
	return cbrapi.Options{
		Endpoint: "https://cbr.example.com",
		Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			offset, _ := strconv.Atoi(req.URL.Query().Get("offset")) // policies have none
			end := min(offset+200_000, most)
			if sent == most {
				end = most + 1
			}
			sent = end
			var rows bytes.Buffer
			for n := offset; n < end; n++ {
				_, _ = fmt.Fprintf(&rows, `,{"id":%q}`, idOf(n))
			}
			body := `{"` + list + `":[` + strings.TrimPrefix(rows.String(), ",") + `]}`
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
		}),
	}
}
