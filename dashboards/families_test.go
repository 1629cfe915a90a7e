package dashboards_test

import (
	"slices"
	"strings"
)

// families are the metrics that dashboards may use, with the variables that
// every selector of them has to apply, as far as the dashboard has them.
var families = []struct {
	scope []string
	names []string
}{
	{[]string{"job", "instance"}, []string{
		"cbr_exporter_build_info",
		"cbr_exporter_config_last_reload_successful",
		"cbr_exporter_config_last_reload_success_timestamp_seconds",
		// Those of Prometheus about a target, and of the Go client about a process.
		"up",
		"scrape_duration_seconds",
		"scrape_samples_post_metric_relabeling",
		"process_start_time_seconds",
		"process_resident_memory_bytes",
		"process_cpu_seconds_total",
		"process_open_fds",
		"process_max_fds",
		"go_goroutines",
		"go_memstats_heap_inuse_bytes",
		"go_gc_duration_seconds_sum",
	}},
	{[]string{"job", "instance", "project"}, []string{
		"cbr_task_found",
		"cbr_task_scrape_success",
		"cbr_resource_info",
		"cbr_up",
		"cbr_scrape_error",
		"cbr_scrape_duration_seconds",
		"cbr_scrape_collector_success",
		"cbr_scrape_collector_last_success_timestamp_seconds",
		"cbr_project_info",
		"cbr_tasks_window_seconds",
		"cbr_tasks_dropped",
		"cbr_tasks_history_start_timestamp_seconds",
		"cbr_exporter_api_requests_total",
		"cbr_exporter_api_request_duration_seconds",
		"cbr_exporter_api_request_duration_seconds_bucket",
		"cbr_exporter_api_request_duration_seconds_count",
		"cbr_exporter_api_request_duration_seconds_sum",
		"cbr_exporter_credentials_rejected",
		"cbr_exporter_credentials_expiry_timestamp_seconds",
		"cbr_exporter_invalid_fields_total",
		"cbr_policy_info",
		"cbr_policy_enabled",
		"cbr_policy_vault_info",
	}},
	{[]string{"job", "instance", "project", "vault"}, []string{
		"cbr_vault_info",
		"cbr_vault_status",
		"cbr_vault_capacity_bytes",
		"cbr_vault_allocated_bytes",
		"cbr_vault_used_bytes",
		"cbr_vault_resources",
	}},
	{[]string{"job", "instance", "project", "vault", "resource"}, []string{
		"cbr_vault_resource_status",
		"cbr_vault_resource_backups",
		"cbr_vault_resource_backup_bytes",
		"cbr_vault_resource_excluded_volumes",
	}},
	{[]string{"job", "instance", "project", "vault", "operation_type"}, []string{
		"cbr_tasks",
		"cbr_task_status",
		"cbr_task_progress_ratio",
		"cbr_task_duration_seconds",
		"cbr_task_created_timestamp_seconds",
		"cbr_task_started_timestamp_seconds",
		"cbr_task_ended_timestamp_seconds",
		"cbr_task_updated_timestamp_seconds",
		"cbr_task_sync_backups",
		"cbr_task_sync_deleted_backups",
		"cbr_task_sync_failed_backups",
		"cbr_task_deleted_backups",
		"cbr_task_delete_failed_resources",
		"cbr_task_excluded_volumes",
		"cbr_task_error_info",
		"cbr_task_backup_info",
		"cbr_task_restore_info",
		"cbr_task_replication_info",
	}},
	{[]string{"job", "instance", "project", "vault", "resource", "operation_type"}, []string{
		"cbr_task_info",
		"cbr_resource_last_finished_task_status",
		"cbr_resource_last_finished_task_info",
		"cbr_resource_last_finished_task_created_timestamp_seconds",
		"cbr_resource_last_finished_task_ended_timestamp_seconds",
		"cbr_resource_last_finished_task_duration_seconds",
		"cbr_resource_last_finished_task_sync_backups",
		"cbr_resource_last_finished_task_sync_deleted_backups",
		"cbr_resource_last_finished_task_sync_failed_backups",
		"cbr_resource_last_finished_task_deleted_backups",
		"cbr_resource_last_finished_task_delete_failed_resources",
		"cbr_resource_last_finished_task_app_consistent",
		"cbr_resource_last_success_timestamp_seconds",
		"cbr_resource_last_success_duration_seconds",
		"cbr_resource_last_failure_timestamp_seconds",
		"cbr_resource_consecutive_failures",
		"cbr_resource_expected_interval_seconds",
		"cbr_resource_expected_since_timestamp_seconds",
	}},
	// Of the recording rules, which need not be loaded: a dashboard may know better
	// with a record, and has to do without.
	{[]string{"project", "resource", "operation_type"}, []string{
		"resource:cbr_success_limit:seconds",
	}},
}

func scopeOf(metric string) (scope []string, known bool) {
	for _, f := range families {
		if slices.Contains(f.names, metric) {
			return f.scope, true
		}
	}
	return nil, false
}

// labelOf is the label whose values a variable has.
func labelOf(variableName string) string {
	if variableName == "resource" {
		return "resource_id"
	}
	return variableName
}

func isCounter(metric string) bool {
	for _, suffix := range []string{"_total", "_bucket", "_count", "_sum"} {
		if strings.HasSuffix(metric, suffix) {
			return true
		}
	}
	return metric == "cbr_exporter_api_request_duration_seconds" // the native histogram
}
