package collector_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// samplesOf returns the samples of the families whose name has one of the prefixes.
func samplesOf(t *testing.T, s protection.Snapshot, prefixes ...string) []string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	for _, f := range collector.New([]string{"tag_team"}).Families(s) {
		r.MustRegister(f)
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&page, f); err != nil {
			t.Fatal(err)
		}
	}
	var samples []string
	for line := range strings.Lines(page.String()) {
		for _, prefix := range prefixes {
			if strings.HasPrefix(line, prefix) {
				samples = append(samples, strings.TrimSpace(line))
			}
		}
	}
	return samples
}

// TestRestorePoints has a resource with backups and copies, and one with none.
func TestRestorePoints(t *testing.T) {
	t.Parallel()
	unix := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	s := protection.Snapshot{
		Snapshot:  tasks.Snapshot{Project: "prod", Resources: []ledger.Resource{{ID: "r", Name: "web"}}},
		Inventory: &inventory.Snapshot{Vaults: []*cbrapi.Vault{{ID: "v", Tags: map[string]string{"team": "red"}}}},
		TagKeys:   map[string]string{"tag_team": "team"},
		RestorePoints: []protection.RestorePoints{
			{ResourceID: "q"},
			{ResourceID: "r", VaultID: "v", Restorable: new(true), Lost: new(true), RestorePoints: inventory.RestorePoints{
				Count: 3, Oldest: unix(100), Latest: unix(300), NextExpiry: unix(900), InError: 2, BeingMade: 1,
				Replicas: []inventory.Replicas{{Region: "east", Latest: unix(200)}, {Region: "west", Failed: 2, FailCode: "BackupService.1"}},
			}},
		},
	}
	want := []string{
		`cbr_resource_error_backups{project="prod",resource_id="q",resource_name="",tag_team="",vault="",vault_id=""} 0`,
		`cbr_resource_error_backups{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 2`,
		`cbr_resource_failed_replicas{destination_region="west",error_code="BackupService.1",project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 2`,
		`cbr_resource_latest_replica_timestamp_seconds{destination_region="east",project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 200`,
		`cbr_resource_latest_restore_point_timestamp_seconds{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 300`,
		`cbr_resource_next_restore_point_expiry_timestamp_seconds{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 900`,
		`cbr_resource_oldest_restore_point_timestamp_seconds{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 100`,
		`cbr_resource_protecting_backups{project="prod",resource_id="q",resource_name="",tag_team="",vault="",vault_id=""} 0`,
		`cbr_resource_protecting_backups{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 1`,
		`cbr_resource_restorable{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 1`,
		`cbr_resource_restore_points{project="prod",resource_id="q",resource_name="",tag_team="",vault="",vault_id=""} 0`,
		`cbr_resource_restore_points{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 3`,
		`cbr_resource_restore_points_lost{project="prod",resource_id="r",resource_name="web",tag_team="red",vault="v",vault_id="v"} 1`,
	}
	judged := protection.NewSnapshot(s.Snapshot, s.Inventory, protection.Options{}) // has the names
	judged.TagKeys, judged.RestorePoints = s.TagKeys, s.RestorePoints
	got := samplesOf(t, judged, "cbr_resource_error", "cbr_resource_failed", "cbr_resource_latest", "cbr_resource_next", "cbr_resource_oldest", "cbr_resource_protecting", "cbr_resource_restor")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestProtectables has servers in no vault: one that cannot be in one, and two that are
// excluded.
func TestProtectables(t *testing.T) {
	t.Parallel()
	s := protection.Snapshot{
		Snapshot: tasks.Snapshot{Project: "prod"},
		Protectables: &protection.Protectables{
			Counts: []protection.ProtectableCount{{Type: "disk"}, {Type: "server", Protected: 5, Unprotected: 2, Excluded: 2}},
			Unprotected: []*cbrapi.Protectable{
				{ID: "a", Name: "db", Type: "server", Code: "a warning"},
				{ID: "b", Name: "web", Type: "server", Code: "BackupService.2", Refused: true},
			},
		},
	}
	want := []string{
		`cbr_protectable_resources{project="prod",protected="false",resource_type="disk"} 0`,
		`cbr_protectable_resources{project="prod",protected="false",resource_type="server"} 4`,
		`cbr_protectable_resources{project="prod",protected="true",resource_type="disk"} 0`,
		`cbr_protectable_resources{project="prod",protected="true",resource_type="server"} 5`,
		`cbr_unprotected_resource_info{error_code="",project="prod",resource_id="a",resource_name="db",resource_type="server"} 1`,
		`cbr_unprotected_resource_info{error_code="BackupService.2",project="prod",resource_id="b",resource_name="web",resource_type="server"} 1`,
		`cbr_unprotected_resources_excluded{project="prod",resource_type="disk"} 0`,
		`cbr_unprotected_resources_excluded{project="prod",resource_type="server"} 2`,
	}
	if diff := cmp.Diff(want, samplesOf(t, s, "cbr_protectable", "cbr_unprotected")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.Protectables = nil
	if got := samplesOf(t, s, "cbr_protectable", "cbr_unprotected"); got != nil {
		t.Errorf("before they are read: got %q", got)
	}
}

// TestScrapeError has reasons of the lists that are read beside the passes.
func TestScrapeError(t *testing.T) {
	t.Parallel()
	of := func(reason cbrapi.Reason) inventory.Reading {
		return inventory.Reading{Reasons: map[cbrapi.Reason]bool{reason: true}}
	}
	s := protection.Snapshot{
		Snapshot: tasks.Snapshot{Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonNetwork: true}},
		Inventory: &inventory.Snapshot{
			Reading:      of(cbrapi.ReasonClock),
			Backups:      &inventory.Backups{Reading: of(cbrapi.ReasonPermission)},
			Protectables: &inventory.Protectables{Reading: of(cbrapi.ReasonThrottled)},
		},
	}
	var got []string
	for _, sample := range samplesOf(t, s, "cbr_scrape_error") {
		if strings.HasSuffix(sample, " 1") {
			got = append(got, sample)
		}
	}
	want := []string{
		`cbr_scrape_error{project="",reason="clock"} 1`, `cbr_scrape_error{project="",reason="network"} 1`,
		`cbr_scrape_error{project="",reason="permission"} 1`, `cbr_scrape_error{project="",reason="throttled"} 1`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
