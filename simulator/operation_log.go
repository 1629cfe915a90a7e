package simulator

import (
	"bytes"
	_ "embed" // the sample
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// SampleTaskID is the task of the vendor's published sample response. It exists in
// every project at any time, although it is from 2019, so that a reader of that
// page can try it.
const SampleTaskID = "4827f2da-b008-4507-ab7d-42d0df5ed912"

// sampleJSON is that sample, byte for byte as on
// https://support.huaweicloud.com/api-cbr/ShowOpLog.html.
//
//go:embed sample.json
var sampleJSON string

// showOperationLog is https://support.huaweicloud.com/api-cbr/ShowOpLog.html.
func (s *Simulator) showOperationLog(x *exchange) {
	id, ok := parseUUID(x.r.PathValue("operation_log_id"))
	if !ok {
		x.invalidParameter()
		return
	}
	if id.String() == SampleTaskID {
		x.replyText(http.StatusOK, []byte(sampleJSON))
		return
	}
	task, ok := s.catalog.find(id, x.now)
	if !ok {
		x.cbrError(http.StatusNotFound, "BackupService.6500", "Operation log does not exist.")
		return
	}
	x.reply(http.StatusOK, struct {
		OperationLog operationLog `json:"operation_log"`
	}{task.record(s.seed, x.now)})
}

// listOperationLogs is https://support.huaweicloud.com/api-cbr/ListOpLogs.html.
func (s *Simulator) listOperationLogs(x *exchange) {
	l := *s.listing.Load()
	params := x.r.URL.Query()
	if !l.permits(params) {
		x.policyDenied("cbr:tasks:list")
		return
	}
	page, pageOK := parsePage(params)
	query, queryOK := parseTaskQuery(params)
	if !pageOK || !queryOK {
		x.invalidParameter()
		return
	}
	at := x.now.Add(-l.Lag)
	tasks := slices.DeleteFunc(s.catalog.existing(at), func(e *entry) bool { return !query.matches(e, at, l) })
	l.sort(tasks)
	from, to := l.page(page, len(tasks), s.seed)

	// The rows are already encoded. Encoding them again would be most of the cost.
	rows := make([][]byte, 0, to-from)
	for _, e := range tasks[from:to] {
		rows = append(rows, e.text(s.seed, at))
	}
	end := "]}"
	if count := l.count(len(tasks), to-from); count != nil {
		end = `],"count":` + strconv.Itoa(*count) + "}"
	}
	x.replyText(http.StatusOK, slices.Concat([]byte(`{"operation_logs":[`), bytes.Join(rows, []byte(",")), []byte(end)))
}

// A taskQuery selects tasks. Zero fields do not.
type taskQuery struct {
	from, to             time.Time // start_time and end_time
	status, operation    string
	resourceID, resource string
	vaultID, vault       string
	providerID           string
}

// parseTaskQuery is not ok if the service refuses a parameter.
func parseTaskQuery(params url.Values) (q taskQuery, ok bool) {
	from, ok1 := parseBound(params.Get("start_time"))
	to, ok2 := parseBound(params.Get("end_time"))
	return taskQuery{
		from: from, to: to,
		status: params.Get("status"), operation: params.Get("operation_type"),
		resourceID: params.Get("resource_id"), resource: params.Get("resource_name"),
		vaultID: params.Get("vault_id"), vault: params.Get("vault_name"),
		providerID: params.Get("provider_id"),
	}, ok1 && ok2
}

// parseBound reads a time in the only documented format.
func parseBound(text string) (at time.Time, ok bool) {
	const layout = "2006-01-02T15:04:05Z"
	if text == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(layout, text)
	return at, err == nil && len(text) == len(layout) // Parse would accept a fraction
}

func (q taskQuery) matches(e *entry, at time.Time, l Listing) bool {
	equal := func(want, value string) bool { return want == "" || want == value }
	vault, _ := e.names()
	return q.contains(e, at, l.TimeOf) && (l.IgnoreFilters ||
		equal(q.status, e.status(at)) &&
			equal(q.operation, e.schedule.operation) &&
			equal(q.resourceID, e.resource.id) &&
			equal(q.resource, e.resource.name) &&
			equal(q.vaultID, vault.id) &&
			equal(q.vault, vault.name) &&
			equal(q.providerID, e.resource.provider.id))
}

// contains reports whether a task is between start_time and end_time.
func (q taskQuery) contains(e *entry, at time.Time, of TimeOf) bool {
	if of == NoTime || q.from.IsZero() && q.to.IsZero() {
		return true
	}
	when := e.created
	if of == StartedAt || of == StartedAtOrNone {
		if !e.hasStarted(at) {
			return of == StartedAtOrNone
		}
		when = e.started
	}
	return !when.Before(q.from) && (q.to.IsZero() || !when.After(q.to))
}
