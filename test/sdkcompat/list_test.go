package sdkcompat

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1/model"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestList lists all tasks of the simulated cloud, about 9,500, with the SDK's
// client and with ours and compares the results.
func TestList(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	now := time.Now()
	key := simulator.AccessKey{Access: "AKPERMANENT", Secret: "secret-of-permanent"}
	cloud := simulator.New(simulator.Options{
		Now:        func() time.Time { return now }, // the tasks stay as they are
		AccessKeys: []simulator.AccessKey{key},
	})
	server := httptest.NewServer(cloud)
	defer server.Close()
	theirs, ours := sdkClient(t, server.URL, key), ourClient(t, server.URL, key)

	want := map[string]*cbrapi.OperationLog{}
	for offset := int32(0); ; {
		limit := int32(1000)
		response, err := theirs.ListOpLogs(&model.ListOpLogsRequest{Limit: &limit, Offset: &offset})
		if err != nil {
			t.Fatal(err)
		}
		rows := value(response.OperationLogs)
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			l := translate(t, &row)
			want[l.ID] = l
		}
		offset += int32(len(rows))
	}
	if truth := len(cloud.Tasks()); len(want) != truth {
		t.Errorf("the SDK lists %d tasks of %d", len(want), truth)
	}

	listing := ours.OperationLogs(cbrapi.ListFilter{})
	listed := 0
	for !listing.Done() {
		logs, err := listing.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		listed += len(logs)
		for _, got := range logs {
			expected := want[got.ID]
			if expected == nil {
				t.Fatalf("the SDK does not list the task %s", got.ID)
			}
			if v := expected.ExtraInfo.VaultDelete; v != nil && v.TotalCount == nil && v.FailCount == nil {
				expected.ExtraInfo.VaultDelete = got.ExtraInfo.VaultDelete // the SDK does not know the spelling of the Terraform provider
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Fatalf("task %s differs (-SDK +ours):\n%s", got.ID, diff)
			}
		}
	}
	if invalid := listing.Invalid(); listed != len(want) || invalid != nil {
		t.Errorf("our client lists %d tasks of %d; invalid fields: %v", listed, len(want), invalid)
	}
}

// TestListFilters checks that the SDK's filters and ours match the same tasks.
func TestListFilters(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	now := time.Now()
	key := simulator.AccessKey{Access: "AKTEMPORARY", Secret: "secret-of-temporary", SecurityToken: "token-of-temporary", ExpiresAt: now.Add(time.Hour)}
	cloud := simulator.New(simulator.Options{Now: func() time.Time { return now }, AccessKeys: []simulator.AccessKey{key}})
	server := httptest.NewServer(cloud)
	defer server.Close()
	theirs, ours := sdkClient(t, server.URL, key), ourClient(t, server.URL, key)

	running, backup := model.GetListOpLogsRequestStatusEnum().RUNNING, model.GetListOpLogsRequestOperationTypeEnum().BACKUP
	since := now.Add(-6 * time.Hour).UTC().Truncate(time.Second)
	start := since.Format("2006-01-02T15:04:05Z")
	for name, test := range map[string]struct {
		theirs model.ListOpLogsRequest
		ours   cbrapi.ListFilter
	}{
		"status":         {model.ListOpLogsRequest{Status: &running}, cbrapi.ListFilter{Status: cbrapi.StatusRunning}},
		"operation type": {model.ListOpLogsRequest{OperationType: &backup, StartTime: &start}, cbrapi.ListFilter{OperationType: cbrapi.OperationBackup, StartTime: since}},
		"start":          {model.ListOpLogsRequest{StartTime: &start}, cbrapi.ListFilter{StartTime: since}},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := theirs.ListOpLogs(&test.theirs)
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for _, row := range value(response.OperationLogs) {
				want = append(want, row.Id)
			}
			for listing := ours.OperationLogs(test.ours); !listing.Done(); {
				logs, err := listing.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range logs {
					got = append(got, l.ID)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("the tasks differ (-SDK +ours):\n%s", diff)
			}
		})
	}
}
