package sdkcompat

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	cbr "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1/model"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestTasks reads tasks of all kinds with the SDK's client and with ours and
// compares the results.
func TestTasks(t *testing.T) {
	// The SDK creates a file in the home directory.
	t.Setenv("HOME", t.TempDir())
	now := time.Now()
	for name, key := range map[string]simulator.AccessKey{
		"permanent": {Access: "AKPERMANENT", Secret: "secret-of-permanent"},
		"temporary": {
			Access: "AKTEMPORARY", Secret: "secret-of-temporary", SecurityToken: "token-of-temporary",
			ExpiresAt: now.Add(time.Hour),
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := simulator.New(simulator.Options{
				Now:        func() time.Time { return now }, // the tasks stay as they are
				AccessKeys: []simulator.AccessKey{key},
			})
			server := httptest.NewServer(cloud)
			defer server.Close()
			theirs, ours := sdkClient(t, server.URL, key), ourClient(t, server.URL, key)

			seen := map[string]int{}
			ids := someOfEachKind(cloud.Tasks())
			for _, id := range ids {
				response, err := theirs.ShowOpLog(&model.ShowOpLogRequest{OperationLogId: id})
				if err != nil {
					t.Fatalf("SDK: task %s: %v", id, err)
				}
				got, err := ours.OperationLog(t.Context(), id)
				if err != nil {
					t.Fatalf("our client: task %s: %v", id, err)
				}
				want := translate(t, response.OperationLog)
				if v := want.ExtraInfo.VaultDelete; v != nil && v.TotalCount == nil && v.FailCount == nil {
					// The SDK does not know the spelling of the Terraform provider.
					if got.ExtraInfo.VaultDelete.TotalCount == nil {
						t.Errorf("task %s: no count in either spelling", id)
					}
					want.ExtraInfo.VaultDelete = got.ExtraInfo.VaultDelete
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("task %s differs (-SDK +ours):\n%s", id, diff)
				}
				seen[string(got.OperationType)]++
				seen[string(got.Status)]++
			}
			// Without these, equality would prove little.
			for _, kind := range []string{
				"backup", "copy", "replication", "restore", "delete", "sync", "vault_delete", "remove_resource", "migrate_resources",
				"success", "skipped", "failed", "timeout", "running", "waiting",
			} {
				if seen[kind] == 0 {
					t.Errorf("no task has the type or status %s", kind)
				}
			}
			both := uint64(2 * len(ids))
			if got, want := cloud.Requests(), (simulator.Requests{Seen: both, Shown: both}); got != want {
				t.Errorf("the cloud counted %+v, want %+v", got, want)
			}
		})
	}
}

// someOfEachKind returns the ids of some tasks of each operation type, status and
// provider, and the sample task's.
func someOfEachKind(tasks []simulator.TaskRecord) []string {
	ids := []string{simulator.SampleTaskID}
	count := map[[3]string]int{}
	for _, task := range tasks {
		kind := [3]string{task.OperationType, task.Status, task.ProviderID}
		if count[kind]++; count[kind] <= 3 {
			ids = append(ids, task.ID)
		}
	}
	return ids
}

// TestWrongKey compares the errors of the SDK and of our client.
func TestWrongKey(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	right := simulator.AccessKey{Access: "AKPERMANENT", Secret: "secret-of-permanent"}
	wrong := simulator.AccessKey{Access: "AKPERMANENT", Secret: "else"}
	cloud := simulator.New(simulator.Options{Now: time.Now, AccessKeys: []simulator.AccessKey{right}})
	server := httptest.NewServer(cloud)
	defer server.Close()
	const reason = "Incorrect IAM authentication information: verify aksk signature fail"

	_, err := sdkClient(t, server.URL, wrong).ShowOpLog(&model.ShowOpLogRequest{OperationLogId: simulator.SampleTaskID})
	if err == nil || !strings.Contains(err.Error(), "APIGW.0301") || !strings.Contains(err.Error(), reason) {
		t.Errorf("the SDK's error is %v, want APIGW.0301 %s", err, reason)
	}
	_, err = ourClient(t, server.URL, wrong).OperationLog(t.Context(), simulator.SampleTaskID)
	if err == nil || !strings.Contains(err.Error(), "APIGW.0301: "+reason) {
		t.Errorf("our error is %v, want APIGW.0301: %s", err, reason)
	}
}

// TestHomeStaysClean checks that the SDK does not write to the home directory if its
// user agent is set.
func TestHomeStaysClean(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	key := simulator.AccessKey{Access: "AKPERMANENT", Secret: "secret-of-permanent"}
	server := httptest.NewServer(simulator.New(simulator.Options{Now: time.Now, AccessKeys: []simulator.AccessKey{key}}))
	defer server.Close()
	if _, err := sdkClient(t, server.URL, key).ShowOpLog(&model.ShowOpLogRequest{OperationLogId: simulator.SampleTaskID}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(home, ".huaweicloud")); !os.IsNotExist(err) {
		t.Errorf("the SDK wrote to the home directory: %v", err)
	}
}

func sdkClient(t testing.TB, endpoint string, key simulator.AccessKey) *cbr.CbrClient {
	t.Helper()
	keys, err := basic.NewCredentialsBuilder().
		WithAk(key.Access).WithSk(key.Secret).WithSecurityToken(key.SecurityToken).
		WithProjectId(simulator.DefaultProjectID).
		SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := cbr.CbrClientBuilder().
		WithEndpoint(endpoint).
		WithCredential(keys).
		WithHttpConfig(config.DefaultHttpConfig().WithUserAgent("sdkcompat").WithHttpTransport(transport)).
		SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return cbr.NewCbrClient(client)
}

func ourClient(t testing.TB, endpoint string, key simulator.AccessKey) *cbrapi.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	keys := credentials.Keys{AccessKey: key.Access, SecretKey: key.Secret, SecurityToken: key.SecurityToken}
	client, err := cbrapi.New(cbrapi.Options{
		Endpoint:  endpoint,
		Transport: credentials.Sign(keys, transport, time.Now),
	}, simulator.DefaultProjectID)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// translate converts the SDK's type to ours.
func translate(t *testing.T, l *model.OperationLog) *cbrapi.OperationLog {
	t.Helper()
	out := &cbrapi.OperationLog{
		ID:           strings.ToLower(l.Id),
		Status:       cbrapi.Status(l.Status.Value()),
		CreatedAt:    parseTime(t, l.CreatedAt),
		StartedAt:    parseTime(t, l.StartedAt),
		EndedAt:      parseTime(t, value(l.EndedAt)),
		UpdatedAt:    parseTime(t, l.UpdatedAt),
		CheckpointID: value(l.CheckpointId),
		PolicyID:     value(l.PolicyId),
		ProviderID:   value(l.ProviderId),
		VaultID:      strings.ToLower(value(l.VaultId)),
		VaultName:    value(l.VaultName),
	}
	if l.OperationType != nil {
		out.OperationType = cbrapi.OperationType(l.OperationType.Value())
	}
	if e := l.ErrorInfo; e != nil {
		out.ErrorInfo = cbrapi.ErrorInfo{Code: value(e.Code), Message: value(e.Message)}
	}
	if l.ExtraInfo != nil {
		out.ExtraInfo = translateExtraInfo(t, l.ExtraInfo)
	}
	return out
}

func translateExtraInfo(t *testing.T, e *model.OpExtraInfo) (out cbrapi.ExtraInfo) {
	t.Helper()
	if c := e.Common; c != nil {
		progress := float64(c.Progress)
		out.Common = cbrapi.Common{Progress: &progress, RequestID: c.RequestId}
	}
	if e.Resource != nil {
		r := translateResource(*e.Resource)
		out.Resource = &r
	}
	if b := e.Backup; b != nil {
		out.Backup = &cbrapi.Backup{
			BackupID:                b.BackupId,
			BackupName:              value(b.BackupName),
			AppConsistencyErrorCode: value(b.AppConsistencyErrorCode),
		}
		if b.AppConsistencyStatus != nil {
			out.Backup.AppConsistencyStatus = b.AppConsistencyStatus.Value()
		}
		if b.Incremental != nil {
			incremental, err := strconv.ParseBool(b.Incremental.Value())
			if err != nil {
				t.Fatal(err)
			}
			out.Backup.Incremental = &incremental
		}
	}
	if d := e.Delete; d != nil {
		out.Delete = &cbrapi.Delete{BackupID: d.BackupId, BackupName: d.BackupName}
	}
	if r := e.Restore; r != nil {
		out.Restore = &cbrapi.Restore{
			BackupID: value(r.BackupId), BackupName: value(r.BackupName),
			TargetResourceID: value(r.TargetResourceId), TargetResourceName: value(r.TargetResourceName),
		}
	}
	if r := e.Replication; r != nil {
		out.Replication = &cbrapi.Replication{
			SourceRegion:            r.SourceRegion,
			SourceProjectID:         r.SourceProjectId,
			SourceBackupID:          r.SourceBackupId,
			SourceBackupName:        value(r.SourceBackupName),
			SourceCheckpointID:      value(r.SourceCheckpointId),
			DestinationRegion:       r.DestinationRegion,
			DestinationProjectID:    r.DestinationProjectId,
			DestinationBackupID:     value(r.DestinationBackupId),
			DestinationBackupName:   value(r.DestinationBackupName),
			DestinationCheckpointID: value(r.DestinationCheckpointId),
		}
	}
	if s := e.Sync; s != nil {
		out.Sync = &cbrapi.Sync{
			Backups: wide(s.SyncBackupNum), DeletedBackups: wide(s.DeleteBackupNum), FailedBackups: wide(s.ErrSyncBackupNum),
		}
	}
	if r := e.RemoveResources; r != nil {
		out.RemoveResources = &cbrapi.RemoveResources{FailCount: wide(r.FailCount), TotalCount: wide(r.TotalCount)}
		for _, removed := range value(r.Resources) {
			out.RemoveResources.Resources = append(out.RemoveResources.Resources, translateResource(removed))
		}
	}
	if v := e.VaultDelete; v != nil {
		out.VaultDelete = &cbrapi.VaultDelete{FailCount: wide(v.FailCount), TotalCount: wide(v.TotalCount)}
	}
	return out
}

func translateResource(r model.Resource) cbrapi.Resource {
	out := cbrapi.Resource{ID: strings.ToLower(r.Id), Type: r.Type, Name: value(r.Name)}
	if r.ExtraInfo == nil {
		return out
	}
	out.ExcludeVolumes = value(r.ExtraInfo.ExcludeVolumes)
	return out
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func wide(n *int32) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}

// parseTime parses times of the simulated cloud, which the SDK keeps as strings.
func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	t.Fatalf("%q is not a time", text)
	return time.Time{}
}
