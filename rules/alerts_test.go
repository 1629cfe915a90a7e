package rules_test

import "fmt"

// alert is an alert of the rules, and what makes it fire.
type alert struct {
	name, severity string
	// labels of the alert, without those of the target; and of the series, as %s.
	labels string
	series []series
	// wait is how many minutes after the first bad value it fires, linger how many after the
	// first good one it resolves.
	wait, linger int
	early        bool // fires a minute earlier where ranges leave out their start
	keeps        bool // its texts do not change while its series are gone
	// summary, description and page, without its start. A part in brackets, and the page, are
	// there only while the exporter is scraped.
	summary, description, page string
}

// series is a series of the exporter: its name and labels, and its value while all is
// well and while the alert fires. absent is no value.
type series struct{ name, good, bad string }

const absent = ""

// dayOver is the minute at which a day has passed since the tasks failed that are not
// repeated.
const dayOver = 280

// always is a series whose value does not change.
func always(name, value string) series { return series{name, value, value} }

// alerts are all but CBRExporterDown, with a resource, vault or task for each. The stories
// start at a Unix time, in seconds.
func alerts(start int) []alert {
	lastFailure := fmt.Sprint(start + dayOver*60 - 86400)
	return []alert{
		{
			name: "CBRBackupOverdue", severity: "critical",
			labels: `project="p",vault_id="v1",vault="vault-1",resource_id="r1",resource_name="ecs-1",operation_type="backup",tag_team="db"`,
			series: []series{
				{`cbr_resource_overdue{%s}`, "0", "1"},
				always(`cbr_resource_last_finished_task_info{%s,task_id="t1",policy_id="",error_code="BackupService.7003"}`, "1"),
			},
			summary:     "The backup of ecs-1 is overdue.",
			description: "Project p, resource r1, vault vault-1. It was due, but no backup has succeeded in time, or it is gone.[ The latest one ended with BackupService.7003.]",
			page:        "resource?project=p&id=r1",
		},
		{
			name: "CBRNoRestorePoint", severity: "warning",
			labels: `project="p",vault_id="v16",vault="vault-16",resource_id="r16",resource_name="ecs-16",tag_team="db"`,
			series: []series{
				{`cbr_resource_restorable{%s}`, "1", "0"},
			},
			wait:        1440,
			summary:     "Nothing can be restored of ecs-16.",
			description: "Project p, resource r16, vault vault-16, which has had no restore point of it for a day.",
			page:        "resource?project=p&id=r16",
		},
		{
			name: "CBRRestorePointsLost", severity: "critical",
			labels: `project="p",vault_id="v17",vault="vault-17",resource_id="r17",resource_name="ecs-17",tag_team="db"`,
			series: []series{
				{`cbr_resource_restore_points_lost{%s}`, "0", "1"},
				{`cbr_resource_restore_points{%s}`, "12", "3"},
				// It is not known yet whether some of another one are gone.
				always(`cbr_resource_restore_points{project="p",vault_id="v17",vault="vault-17",resource_id="r18",resource_name="ecs-18"}`, "5"),
			},
			summary:     "Most restore points of ecs-17 are gone.",
			description: "Project p, resource r17, vault vault-17. More than half of them have gone within a day, other than by expiry: an attack looks like this.[ Left: 3.]",
			page:        "resource?project=p&id=r17",
		},
		{
			name: "CBRTaskFailing", severity: "warning",
			labels: `project="p",vault_id="",vault="",resource_id="r2",resource_name="",operation_type="backup",tag_team="db"`,
			series: []series{
				{`cbr_resource_failing{%s}`, "0", "1"},
				always(`cbr_resource_last_finished_task_info{%s,task_id="t2",policy_id="",error_code="BackupService.6114"}`, "1"),
			},
			summary:     "The latest backup of r2 failed.",
			description: "Project p, resource r2. It failed or timed out, and none has succeeded since.[ The latest one ended with BackupService.6114.]",
			page:        "resource?project=p&id=r2",
		},
		{
			name: "CBROperationFailed", severity: "warning",
			labels: `project="p",vault_id="v1",vault="vault-1",resource_id="r3",resource_name="ecs-3",operation_type="restore",tag_team="db"`,
			series: []series{
				{`cbr_resource_failing{%s}`, "0", "1"},
				always(`cbr_resource_last_failure_timestamp_seconds{%s}`, lastFailure),
				always(`cbr_resource_last_finished_task_info{%s,task_id="t3",policy_id="",error_code="BackupService.6114"}`, "1"),
			},
			summary:     "The latest restore of ecs-3 failed.",
			description: "Project p, resource r3, vault vault-1. It failed or timed out within the last day.[ It ended with BackupService.6114.]",
			page:        "resource?project=p&id=r3",
		},
		{
			name: "CBRVaultOperationFailed", severity: "warning",
			labels: `project="p",vault_id="v4",vault="vault-4",operation_type="vault_delete"`,
			series: []series{
				{`cbr_vault_last_finished_task_status{%s,status="timeout"}`, "0", "1"},
				{`cbr_vault_last_finished_task_status{%s,status="success"}`, "1", "0"},
				always(`cbr_vault_last_finished_task_ended_timestamp_seconds{%s}`, lastFailure),
				always(`cbr_vault_last_finished_task_info{%s,task_id="t4",error_code="BackupService.6303"}`, "1"),
			},
			summary:     "The latest vault_delete in the vault vault-4 failed.",
			description: "Project p, vault v4. It failed or timed out within the last day.[ It ended with BackupService.6303.]",
			page:        "?project=p&vault=v4",
		},
		{
			name: "CBRAppConsistencyLost", severity: "warning",
			labels: `project="p",vault_id="v6",vault="vault-6",resource_id="r6",resource_name="ecs-6",operation_type="backup"`,
			series: []series{
				{`cbr_resource_last_finished_task_app_consistent{%s}`, "1", "0"},
				always(`cbr_vault_info{project="p",vault_id="v6",vault="vault-6",consistent_level="app_consistent"}`, "1"),
				always(`cbr_resource_covered{project="p",vault_id="v6",vault="vault-6",resource_id="r6",resource_name="ecs-6"}`, "1"),
				// This one was unbound.
				always(`cbr_resource_last_finished_task_app_consistent{project="p",vault_id="v6",vault="vault-6",resource_id="r0",resource_name="ecs-0",operation_type="backup"}`, "0"),
				// This vault is not set to it.
				always(`cbr_resource_last_finished_task_app_consistent{project="p",vault_id="v1",vault="vault-1",resource_id="r1",resource_name="ecs-1",operation_type="backup"}`, "0"),
				always(`cbr_vault_info{project="p",vault_id="v1",vault="vault-1",consistent_level="crash_consistent"}`, "1"),
				always(`cbr_resource_covered{project="p",vault_id="v1",vault="vault-1",resource_id="r1",resource_name="ecs-1"}`, "1"),
			},
			summary:     "The latest backup of ecs-6 is not application-consistent.",
			description: "Project p, resource r6, vault vault-6, which is set to it. The backup is only crash-consistent: databases may need a recovery when it is restored.",
			page:        "resource?project=p&id=r6",
		},
		{
			name: "CBRTaskStuck", severity: "warning",
			labels: `project="p",task_id="t7",operation_type="backup",vault="vault-7"`,
			series: []series{
				{`cbr_task_stuck{%s}`, absent, "1"},
				{`cbr_task_info{%s,vault_id="v7",resource_id="r7",resource_name="ecs-7"}`, absent, "1"},
				always(`cbr_task_stuck{project="p",task_id="t0",operation_type="backup",vault="vault-7"}`, "0"),
			},
			linger:      40,
			summary:     "A backup in the vault vault-7 is stuck.",
			description: "Project p, task t7. It has been running or waiting for far too long. The tasks behind it wait.[ Its resource is ecs-7.]",
			page:        "?project=p&q=t7",
		},
		{
			name: "CBRConfiguredTaskFailed", severity: "warning",
			labels: `project="p",task_id="t8",operation_type="backup",vault="vault-8",status="failed"`,
			series: []series{
				{`cbr_task_status{%s}`, "0", "1"},
				{`cbr_task_error_info{project="p",task_id="t8",operation_type="backup",vault="vault-8",error_code="BackupService.6114"}`, absent, "1"},
			},
			summary:     "The configured backup t8 failed.",
			description: "Project p, vault vault-8.[ It ended with BackupService.6114.] This fires until its id is removed from task_ids.",
			page:        "?project=p&q=t8",
		},
		{
			name: "CBRTaskNotFound", severity: "warning",
			labels:      `project="p",task_id="t9"`,
			series:      []series{{`cbr_task_found{%s}`, "1", "0"}},
			summary:     "The configured task t9 does not exist in project p.",
			description: "The id is wrong, belongs to another project or region, or the cloud has forgotten the task. Correct task_ids.",
			page:        "?project=p&q=t9",
		},
		{
			name: "CBRVaultNearlyFull", severity: "warning",
			labels:      `project="p",vault_id="v10",vault="vault-10",tag_team="db"`,
			series:      []series{{`cbr_vault_nearly_full{%s}`, "0", "1"}},
			summary:     "The vault vault-10 is nearly full.",
			description: "Project p, vault v10. Its use has reached its threshold. When it is full, its backups fail.",
			page:        "?project=p&vault=v10",
		},
		{
			name: "CBRVaultFull", severity: "critical",
			labels:      `project="p",vault_id="v11",vault="vault-11",tag_team="db"`,
			series:      []series{{`cbr_vault_full{%s}`, "0", "1"}},
			summary:     "The vault vault-11 is full.",
			description: "Project p, vault v11. Backups into it fail until it is expanded or backups are deleted.",
			page:        "?project=p&vault=v11",
		},
		{
			name: "CBRVaultNotAvailable", severity: "warning",
			labels: `project="p",vault_id="v12",vault="vault-12",tag_team="db"`,
			series: []series{
				{`cbr_vault_available{%s}`, "1", "0"},
				{`cbr_vault_status{project="p",vault_id="v12",vault="vault-12",status="frozen"}`, "0", "1"},
				{`cbr_vault_status{project="p",vault_id="v12",vault="vault-12",status="available"}`, "1", "0"},
			},
			wait:        15,
			summary:     "The vault vault-12 is not available.",
			description: "Project p, vault v12. It is frozen or in error, and may take no backup.[ Its status is frozen.]",
			page:        "?project=p&vault=v12",
		},
		{
			name: "CBRPolicyDisabled", severity: "warning",
			labels: `project="p",policy_id="pol13",policy_name="daily"`,
			series: []series{
				{`cbr_policy_enabled{%s}`, "1", "0"},
				always(`cbr_policy_vault_info{%s,vault_id="v1"}`, "1"),
				always(`cbr_policy_vault_info{%s,vault_id="v2"}`, "1"),
				// This one is bound to no vault.
				always(`cbr_policy_enabled{project="p",policy_id="pol0",policy_name="old"}`, "0"),
			},
			wait:        15,
			summary:     "The policy daily is disabled, but bound to a vault.",
			description: "Project p, policy pol13. It runs nothing in its vaults.",
			page:        "?project=p",
		},
		{
			name: "CBRResourceNotCovered", severity: "warning",
			labels:      `project="p",vault_id="v14",vault="vault-14",resource_id="r14",resource_name="ecs-14",tag_team="db"`,
			series:      []series{{`cbr_resource_covered{%s}`, "1", "0"}},
			wait:        60,
			summary:     "No policy backs up ecs-14 in the vault vault-14.",
			description: "Project p, resource r14, vault v14. The vault has no enabled policy for backups, its schedule cannot be read, or the resource does not follow it.",
			page:        "resource?project=p&id=r14",
		},
		{
			name: "CBRResourceUnprotected", severity: "warning",
			labels:      `project="p",resource_id="r19",resource_name="ecs-19",resource_type="OS::Nova::Server",error_code="BackupService.1234"`,
			series:      []series{{`cbr_unprotected_resource_info{%s}`, absent, "1"}},
			wait:        120,
			linger:      40,
			summary:     "No vault holds ecs-19.",
			description: "Project p, resource r19 (OS::Nova::Server). Nobody backs it up. The cloud refuses to: BackupService.1234.",
			page:        "?project=p&state=unprotected",
		},
		{
			name: "CBRProtectionError", severity: "warning",
			labels:      `project="p",vault_id="v15",vault="vault-15",resource_id="r15",resource_name="ecs-15",status="error"`,
			series:      []series{{`cbr_vault_resource_status{%s}`, "0", "1"}},
			wait:        15,
			summary:     "The protection status of ecs-15 in the vault vault-15 is error.",
			description: "Project p, resource r15, vault v15. Backups of it are likely to fail.",
			page:        "resource?project=p&id=r15",
		},
		{
			name: "CBRBlind", severity: "warning",
			labels: `project="q&a",collector="vaults"`,
			series: []series{
				{`cbr_scrape_collector_incomplete_seconds{%s}`, "0", "901"},
				{`cbr_scrape_error{project="q&a",reason="network"}`, "0", "1"},
				{`cbr_scrape_error{project="q&a",reason="deadline"}`, "0", "1"},
				always(`cbr_scrape_error{project="q&a",reason="credentials"}`, "0"),
			},
			wait:        3,
			summary:     "An exporter has not read all vaults of project q&a for more than 15 minutes.",
			description: "Collector vaults.[ Reason: deadline network.] Its verdicts are old or missing: backups may be fine or not.",
			page:        "?project=q%26a",
		},
		{
			// The exporter restarts again and again, so CBRBlind does not fire.
			name: "CBRBlindForHours", severity: "critical",
			labels: `project="r",collector="discovery"`,
			series: []series{
				{`cbr_scrape_collector_success{%s}`, "1", "0"},
				always(`cbr_scrape_collector_incomplete_seconds{%s}`, "600"),
			},
			wait:        240,
			early:       true,
			summary:     "No exporter can read all tasks of project r.",
			description: "Collector discovery. All verdicts about them are old or missing: backups may be fine or not.",
			page:        "?project=r",
		},
		{
			name: "CBRCredentialsExpiring", severity: "warning",
			labels:      `project="p"`,
			series:      []series{{`cbr_exporter_credentials_expiry_timestamp_seconds{%s}`, fmt.Sprint(start + 7*86400), fmt.Sprint(start + 299)}},
			linger:      40,
			keeps:       true,
			summary:     "The exporter's credentials for project p are about to expire, and were not replaced.",
			description: "IAM or the metadata service does not answer or refuses, or nobody has renewed the file. Nothing can be read without them.",
			page:        "?project=p",
		},
		{
			name: "CBRConfigReloadFailed", severity: "warning",
			series:      []series{{`cbr_exporter_config_last_reload_successful{%s}`, "1", "0"}},
			wait:        5,
			summary:     "An exporter has refused its new configuration.",
			description: "It keeps the old one.[ It is INSTANCES.] The log and the response to the reload show what is wrong.",
		},
	}
}

// exporterDown is CBRExporterDown of a project, or of all if there is none.
func exporterDown(project string) alert {
	a := alert{
		name: "CBRExporterDown", severity: "critical",
		summary:     "No exporter answers for any project.",
		description: "It is down, cannot be reached, does not answer within scrape_timeout, or is not scraped. Nobody watches the backups.",
	}
	if project != "" {
		a.labels = fmt.Sprintf("project=%q", project)
		a.summary = fmt.Sprintf("No exporter answers for project %s.", project)
	}
	return a
}
