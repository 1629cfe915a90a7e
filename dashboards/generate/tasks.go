package main

// tasks shows the history of chosen resources, and all tasks.
func tasks() page {
	return page{
		uid: "cbr-tasks", title: "Huawei Cloud CBR / Tasks and resources", from: "now-7d",
		about: "The history of chosen resources, durations, error codes, what backups leave out, and tasks by id.",
		variables: []object{
			sourceVariable(), projectVariable(), vaultVariable(),
			variable("resource", "Resource", ".*", `{__name__=~"cbr_task_info|cbr_resource_covered|cbr_resource_last_finished_task_info", VAULT}`, "resource_name"),
			variable("operation_type", "Operation", ".*", `{__name__=~"cbr_task_info|cbr_resource_last_finished_task_info", VAULT}`, "operation_type"),
		},
		blocks: []block{
			row("How the resources are"),
			table{
				head: head{24, 10, "Resources", "How the latest finished task of each resource ended, and the verdicts of the exporter. Usual: the median duration of the successes of a week.", "No task of what is chosen has finished, as far as is known"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one(resourceKey, "vault, resource_name, status", `cbr_resource_last_finished_task_status{OPERATION} == 1`), look: detailed()},
					vaultColumn(), operationColumn(),
					{name: "Latest task", label: "status", look: spoken(statuses()...)},
					{name: "Overdue", expr: most(resourceKey, `cbr_resource_overdue{OPERATION}`), look: yesNo("red", "text")},
					{name: "Failures in a row", expr: most(resourceKey, `cbr_resource_consecutive_failures{OPERATION}`)},
					{name: "Latest success", expr: moment(resourceKey, `cbr_resource_last_success_timestamp_seconds{OPERATION}`), look: ago()},
					{name: "Took", expr: most(resourceKey, `cbr_resource_last_finished_task_duration_seconds{OPERATION}`), look: seconds()},
					{name: "Usual", expr: most(resourceKey, `quantile_over_time(0.5, cbr_resource_last_success_duration_seconds{OPERATION}[1w])`), look: seconds()},
					errorColumn(`OPERATION`),
					{name: "Consistent", expr: most(resourceKey, `cbr_resource_last_finished_task_app_consistent{OPERATION}`), look: spoken(word{"0", "Crash", "orange"}, word{"1", "Applications", "green"})},
					projectColumn(),
				},
				sort: "Latest success",
			},
			timeline{
				head:  head{12, 9, "Failing", "When the latest task of each resource was a failure; of 30 resources, failing ones first.", "Nothing is judged in this time range"},
				query: query{`topk(30, max by (project, resource_name, operation_type) (cbr_resource_failing{OPERATION}))`, "{{resource_name}} {{operation_type}}"},
				words: []word{{"0", "Success", "green"}, {"1", "Failing", "red"}},
			},
			timeline{
				head:  head{12, 9, "Overdue", "When each resource had no success in time; of 30 resources, overdue ones first.", "Nothing is judged in this time range"},
				query: query{`topk(30, max by (project, resource_name, operation_type) (cbr_resource_overdue{OPERATION}))`, "{{resource_name}} {{operation_type}}"},
				words: []word{{"0", "In time", "green"}, {"1", "Overdue", "red"}},
			},
			graph{
				head:    head{12, 8, "Time since the latest success", "Of the ten longest. It grows while the API cannot be read.", "No success is known in this time range"},
				queries: []query{{`topk(10, time() - max by (project, resource_name, operation_type) (cbr_resource_last_success_timestamp_seconds{OPERATION}))`, "{{resource_name}} {{operation_type}}"}},
				unit:    "s",
			},
			graph{
				head:    head{12, 8, "Duration", "How long the latest finished task took; of the ten longest. A backup that takes longer and longer may no longer fit between two runs.", "No finished task is known in this time range"},
				queries: []query{{`topk(10, max by (project, resource_name, operation_type) (cbr_resource_last_finished_task_duration_seconds{OPERATION}))`, "{{resource_name}} {{operation_type}}"}},
				unit:    "s",
			},

			row("Other tasks"),
			table{
				head: head{12, 8, "Tasks without a resource", "The latest task of each vault that names no resource, such as a migration, and how it ended.", "No such task is known"},
				columns: []column{
					{name: "Vault", label: "vault", expr: one("project, vault_id, operation_type", "vault, status", `cbr_vault_last_finished_task_status{VAULT} == 1`)},
					operationColumn(),
					{name: "Status", label: "status", look: spoken(statuses()...)},
					{name: "Ended", expr: moment("project, vault_id, operation_type", `cbr_vault_last_finished_task_ended_timestamp_seconds{VAULT}`), look: ago()},
					{name: "Error code", label: "error_code", expr: one("project, vault_id, operation_type", "error_code", `cbr_vault_last_finished_task_info{VAULT}`)},
					projectColumn(),
				},
				sort: "Ended", desc: true,
			},
			table{
				head: head{12, 8, "Synchronisations and deletions", "What the latest task of each resource did. A synchronisation with failed backups may still be a success.", "No synchronisation and no deletion is known"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one(resourceKey, "vault, resource_name", `cbr_resource_last_finished_task_created_timestamp_seconds{RESOURCE, operation_type=~"sync|remove_resource"}`), look: detailed()},
					vaultColumn(), operationColumn(),
					{name: "Synchronised", expr: most(resourceKey, `cbr_resource_last_finished_task_sync_backups{RESOURCE}`)},
					{name: "Deleted in it", expr: most(resourceKey, `cbr_resource_last_finished_task_sync_deleted_backups{RESOURCE}`)},
					{name: "Failed", expr: most(resourceKey, `cbr_resource_last_finished_task_sync_failed_backups{RESOURCE}`)},
					{name: "To delete", expr: most(resourceKey, `cbr_resource_last_finished_task_deleted_backups{RESOURCE}`)},
					{name: "Not deleted", expr: most(resourceKey, `cbr_resource_last_finished_task_delete_failed_resources{RESOURCE}`)},
					projectColumn(),
				},
				sort: "Failed", desc: true,
			},

			row("Backups and volumes"),
			table{
				head: head{12, 9, "Backups by resource", "How many backups of each resource the vault keeps, and their size.", "No vault is known; the exporter needs vaults in its configuration"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one(boundKey, "vault, resource_name", `cbr_vault_resource_backups{RESOURCE}`), look: detailed()},
					vaultColumn(),
					{name: "Backups", expr: most(boundKey, `cbr_vault_resource_backups{RESOURCE}`)},
					{name: "Size", expr: most(boundKey, `cbr_vault_resource_backup_bytes{RESOURCE}`), look: size()},
					projectColumn(),
				},
				sort: "Size", desc: true,
			},
			table{
				head: head{12, 9, "Volumes left out", "Servers of which not all volumes are backed up. Where volumes are included one by one, a volume that is attached later is left out until somebody adds it.", "No volume is left out, as far as is known"},
				columns: []column{
					{name: "Excluded", expr: one(boundKey, "vault, resource_name", `cbr_vault_resource_excluded_volumes{RESOURCE} > 0`)},
					{name: "Included only", expr: one(boundKey, "vault, resource_name", `cbr_vault_resource_included_volumes{RESOURCE}`)},
					resourceColumn(), vaultColumn(), projectColumn(),
				},
				sort: "Excluded", desc: true,
			},

			table{
				head: head{24, 8, "Copies in other regions", "The latest backup of each resource that has arrived in another region, by the time of its data, and how many could not be copied there, with the error code of the latest.", "No copy is known; the exporter needs backups in its configuration"},
				columns: []column{
					{name: "Latest copy", expr: moment(copyKey, `cbr_resource_latest_replica_timestamp_seconds{RESOURCE}`), look: ago()},
					{name: "Failed", expr: most(copyKey+", error_code", `cbr_resource_failed_replicas{RESOURCE}`)},
					{name: "Error code", label: "error_code"},
					resourceColumn(), vaultColumn(),
					{name: "Region", label: "destination_region"},
					projectColumn(),
				},
				sort: "Latest copy",
			},

			row("Tasks by id: under way, or in the configuration"),
			table{
				head: head{16, 9, "Tasks", "Each task that runs or waits, and those that the configuration names.", "No task is known"},
				columns: []column{
					{name: "Task id", label: "task_id", expr: one(taskKey, "vault, operation_type, resource_name, resource_type", `cbr_task_info{OPERATION}`), look: wide()},
					resourceColumn(),
					{name: "Type", label: "resource_type"},
					vaultColumn(), operationColumn(),
					{name: "Status", label: "status", expr: one(taskKey, "status", `cbr_task_status{VAULT} == 1`), look: spoken(statuses()...)},
					{name: "Updated", expr: moment(taskKey, `cbr_task_updated_timestamp_seconds{VAULT}`), look: ago()},
					{name: "Took", expr: most(taskKey, `cbr_task_duration_seconds{VAULT}`), look: seconds()},
					{name: "Error code", label: "error_code", expr: one(taskKey, "error_code", `cbr_task_error_info{VAULT}`)},
					projectColumn(),
				},
				keep: []string{"Task id"}, sort: "Updated", desc: true,
			},
			table{
				head: head{8, 9, "Ids of the configuration", "Not found: the cloud has no such task, or has deleted it; remove the id. Not read: the dashboard of the exporter shows why.", "The configuration names no task"},
				columns: []column{
					{name: "Task id", label: "task_id", expr: most(taskKey, `cbr_task_scrape_success{PROJECT}`), look: wide()},
					{name: "Found", expr: most(taskKey, `cbr_task_found{PROJECT}`), look: yesNo("green", "red")},
					projectColumn(),
				},
				sort: "Found",
			},
		},
	}
}
