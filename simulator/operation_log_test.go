package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const listPath = "/v3/" + simulator.DefaultProjectID + "/operation-logs"

// A page is a page of a list of tasks.
type page struct {
	Logs  []json.RawMessage `json:"operation_logs"`
	Count *int              `json:"count"`
}

func (p page) tasks(t *testing.T) []task {
	t.Helper()
	var tasks []task
	for _, log := range p.Logs {
		var got task
		if err := json.Unmarshal(log, &got); err != nil {
			t.Fatalf("%v in %s", err, log)
		}
		tasks = append(tasks, got)
	}
	return tasks
}

func list(t *testing.T, h http.Handler, query string) page {
	t.Helper()
	r := get(h, listPath+"?"+query, fixedToken)
	var p page
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || r.status != http.StatusOK || p.Logs == nil {
		t.Fatalf("%s: got %d %.200s, error %v", query, r.status, r.body, err)
	}
	return p
}

// pages returns all pages until an empty one, which is left out.
func pages(t *testing.T, h http.Handler, limit int, query string) [][]task {
	t.Helper()
	var all [][]task
	for offset := 0; ; {
		tasks := list(t, h, fmt.Sprintf("limit=%d&offset=%d&%s", limit, offset, query)).tasks(t)
		if len(tasks) == 0 {
			return all
		}
		if all = append(all, tasks); len(all) > 1000 {
			t.Fatal("the pages do not end")
		}
		offset += len(tasks)
	}
}

func idsOf(tasks ...task) []string {
	ids := []string{}
	for _, t := range tasks {
		ids = append(ids, t.ID)
	}
	return ids
}

func recordIDs(records []simulator.TaskRecord) []string {
	ids := []string{}
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}

// A row is the same, byte for byte, as the single task.
func TestListAgreesWithShow(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	for range 3 {
		for i, log := range list(t, cloud, "limit=60").Logs {
			var got task
			if err := json.Unmarshal(log, &got); err != nil {
				t.Fatal(err)
			}
			if want := `{"operation_log":` + string(log) + `}`; show(cloud, got.ID).body != want {
				t.Errorf("row %d: listed %s, but shown %s", i, log, show(cloud, got.ID).body)
			}
			checkTask(t, got, clock.Now())
		}
		clock.advance(7 * time.Minute)
	}
}

func TestListIsComplete(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	want := recordIDs(cloud.Tasks())
	if len(want) < 9000 || slices.Contains(want, simulator.SampleTaskID) {
		t.Errorf("%d tasks, want those of 30 days, without the sample", len(want))
	}
	if got := idsOf(slices.Concat(pages(t, cloud, 1000, "")...)...); !slices.Equal(got, want) {
		t.Errorf("listed %d tasks, want these %d", len(got), len(want))
	}
	if count := list(t, cloud, "limit=1&offset=5").Count; count == nil || *count != len(want) {
		t.Errorf("count is not %d", len(want))
	}
}

// The truth is the same as single tasks.
func TestTaskRecords(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(4)
	records := cloud.Tasks()
	if !slices.IsSortedFunc(records, func(a, b simulator.TaskRecord) int { return b.Created.Compare(a.Created) }) {
		t.Error("not latest first")
	}
	at := func(text *string) (at time.Time) {
		if text != nil {
			at = parseTime(t, *text)
		}
		return at
	}
	for _, got := range records[:100] {
		shown := showTask(t, cloud, got.ID)
		if shown.ExtraInfo.Resource.ID == "" {
			got.ResourceID, got.ResourceName, got.ResourceType = "", "", "" // in remove_resources
		}
		truth := simulator.Task{
			ID: shown.ID, OperationType: shown.OperationType,
			VaultID: shown.VaultID, VaultName: shown.VaultName,
			ResourceID: shown.ExtraInfo.Resource.ID, ResourceName: shown.ExtraInfo.Resource.Name,
			ResourceType: shown.ExtraInfo.Resource.Type, PolicyID: shown.PolicyID,
			Created: at(&shown.CreatedAt), Started: at(shown.StartedAt), Ended: at(shown.EndedAt),
			ErrorCode: shown.ErrorInfo.Code, ErrorMessage: shown.ErrorInfo.Message,
		}
		if shown.finished() {
			truth.Outcome = shown.Status
		}
		want := simulator.TaskRecord{Task: truth, Status: shown.Status, Progress: shown.progress(), ProviderID: shown.ProviderID}
		inMillis := cmp.Comparer(func(a, b time.Time) bool {
			return a.Truncate(time.Millisecond).Equal(b.Truncate(time.Millisecond))
		})
		if diff := cmp.Diff(want, got, inMillis); diff != "" {
			t.Errorf("%s:\n%s", got.ID, diff)
		}
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	clock := newClock(someDay())
	cloud := simulator.New(simulator.Options{Now: clock.Now, Tokens: []string{fixedToken}, Retention: 2 * day})
	all := cloud.Tasks()
	some := all[slices.IndexFunc(all, func(r simulator.TaskRecord) bool { return r.VaultID != "" && r.ResourceID != "" })]
	start := clock.Now().Add(-30 * time.Hour).Truncate(time.Second)
	for name, test := range map[string]struct {
		query url.Values
		want  func(simulator.TaskRecord) bool
	}{
		"status":         {url.Values{"status": {"failed"}}, func(r simulator.TaskRecord) bool { return r.Status == "failed" }},
		"active":         {url.Values{"status": {"running"}}, func(r simulator.TaskRecord) bool { return r.Status == "running" }},
		"operation type": {url.Values{"operation_type": {"vault_delete"}}, func(r simulator.TaskRecord) bool { return r.OperationType == "vault_delete" }},
		"resource id":    {url.Values{"resource_id": {some.ResourceID}}, func(r simulator.TaskRecord) bool { return r.ResourceID == some.ResourceID }},
		"resource name":  {url.Values{"resource_name": {"财务数据盘"}}, func(r simulator.TaskRecord) bool { return r.ResourceName == "财务数据盘" }},
		"part of a name": {url.Values{"resource_name": {"web"}}, func(simulator.TaskRecord) bool { return false }},
		"vault id":       {url.Values{"vault_id": {some.VaultID}}, func(r simulator.TaskRecord) bool { return r.VaultID == some.VaultID }},
		"vault name":     {url.Values{"vault_name": {"vault-nightly"}}, func(r simulator.TaskRecord) bool { return r.VaultName == "vault-nightly" }},
		"provider":       {url.Values{"provider_id": {some.ProviderID}}, func(r simulator.TaskRecord) bool { return r.ProviderID == some.ProviderID }},
		"two": {
			url.Values{"status": {"success"}, "vault_name": {"vault-nightly"}},
			func(r simulator.TaskRecord) bool { return r.Status == "success" && r.VaultName == "vault-nightly" },
		},
		"since": {
			url.Values{"start_time": {start.Format(time.RFC3339)}},
			func(r simulator.TaskRecord) bool { return !r.Created.Before(start) },
		},
		"between": {
			url.Values{"start_time": {start.Format(time.RFC3339)}, "end_time": {start.Add(time.Hour).Format(time.RFC3339)}},
			func(r simulator.TaskRecord) bool {
				return !r.Created.Before(start) && !r.Created.After(start.Add(time.Hour))
			},
		},
		"enterprise project":   {url.Values{"enterprise_project_id": {"0"}}, func(simulator.TaskRecord) bool { return true }},
		"empty":                {url.Values{"status": {""}, "limit": {""}, "start_time": {""}}, func(simulator.TaskRecord) bool { return true }},
		"unknown status":       {url.Values{"status": {"available"}}, func(simulator.TaskRecord) bool { return false }},
		"unknown parameter":    {url.Values{"sort": {"created_at"}}, func(simulator.TaskRecord) bool { return true }},
		"end before all tasks": {url.Values{"end_time": {"2001-01-01T00:00:00Z"}}, func(simulator.TaskRecord) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			want := []string{}
			for _, r := range all {
				if test.want(r) {
					want = append(want, r.ID)
				}
			}
			got := idsOf(slices.Concat(pages(t, cloud, 500, test.query.Encode())...)...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the ids differ (-want +got):\n%.2000s", diff)
			}
			if count := *list(t, cloud, test.query.Encode()).Count; count != len(want) {
				t.Errorf("count: got %d, want %d", count, len(want))
			}
		})
	}
}

func TestListLimits(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	for query, want := range map[string]int{
		"":               1000,
		"limit=1":        1,
		"limit=1000":     1000,
		"offset=0":       1000,
		"offset=2000000": 0,
	} {
		if got := len(list(t, cloud, query).Logs); got != want {
			t.Errorf("%q: got %d rows, want %d", query, got, want)
		}
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	for _, query := range []string{
		"limit=0", "limit=1001", "limit=-1", "limit=ten", "limit=1.5",
		"offset=-1", "offset=x", "offset=99999999999999999999",
		"start_time=2026-03-14", "start_time=2026-03-14T00:00:00.5Z", "start_time=2026-03-14T00:00:00%2B00:00",
		"end_time=yesterday", "end_time=1773446400",
	} {
		got := get(cloud, listPath+"?"+query, fixedToken)
		if got.status != 400 || decode(t, got.body)["error_code"] != "BackupService.9900" {
			t.Errorf("%s: got %d %s, want 400 BackupService.9900", query, got.status, got.body)
		}
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	clock := newClock(someDay())
	cloud := simulator.New(simulator.Options{Now: clock.Now, Tokens: []string{fixedToken}, Retention: 12 * time.Hour})
	tasks := slices.Concat(pages(t, cloud, 1000, "")...)
	last := slices.MinFunc(tasks, func(a, b task) int { return strings.Compare(a.CreatedAt, b.CreatedAt) })
	if age := clock.Now().Sub(parseTime(t, last.CreatedAt)); age > 12*time.Hour || age < 11*time.Hour {
		t.Errorf("the oldest of %d tasks is %v old", len(tasks), age)
	}
	clock.advance(time.Hour)
	if got := show(cloud, last.ID).status; got != 404 {
		t.Errorf("after the retention: got %d, want 404", got)
	}
	if got := list(t, cloud, "limit=1000").tasks(t); slices.Contains(idsOf(got...), last.ID) {
		t.Error("listed after the retention")
	}
}
