package main

// overview answers whether the backups are in time, and if not, which and why.
func overview() page {
	return page{
		uid: "cbr-overview", title: "Huawei Cloud CBR / Overview", from: "now-24h",
		about:     "Whether the backups are in time, what is overdue or fails and why, what can be restored, what no vault holds, what runs, and how full the vaults are.",
		variables: []object{sourceVariable(), projectVariable(), vaultVariable()},
		blocks: []block{
			sentence(),
			number(2, "Overdue", "red", "How many resources have no success in time, by kind of task. The table below names them.",
				total(resourceKey, `cbr_resource_overdue{VAULT}`)),
			number(2, "Not restorable", "red", "How many resources in vaults for backups have no restore point. The table of restore points below names them, and those that have lost most of theirs.",
				`sum(1 - min by (`+restoreKey+`) (cbr_resource_restorable{VAULT}))`),
			number(2, "Failing", "orange", "For how many resources the latest task failed or timed out, by kind of task. Skipped tasks do not count.",
				total(resourceKey, `cbr_resource_failing{VAULT}`)),
			number(2, "Not covered", "orange", "How many resources in vaults no enabled policy backs up. Enable the policy, or apply one to the vault.",
				`sum(1 - min by (`+boundKey+`) (cbr_resource_covered{VAULT}))`),
			number(2, "Unprotected", "orange", "How many resources exist, but are in no vault. The table below names them.",
				total(typedKey, `cbr_protectable_resources{PROJECT, protected="false"}`)+` - `+total(typedKey, `cbr_unprotected_resources_excluded{PROJECT}`)),
			number(2, "Stuck tasks", "orange", "How many tasks have been running or waiting for too long. The table of tasks below names them.",
				total(taskKey, `cbr_task_stuck{VAULT}`)),
			number(2, "Vaults full", "red", "In how many vaults there is no room for another backup. Expand them, or delete old backups.",
				total(vaultKey, `cbr_vault_full{VAULT}`)),
			number(3, "Not available", "red", "How many vaults are frozen, in deletion, in error or of an unknown status. They may take no backups. Often an invoice is open.",
				`sum(1 - min by (`+vaultKey+`) (cbr_vault_available{VAULT}))`),
			number(3, "Tasks under way", "text", "How many tasks run or wait.",
				`count(`+most(taskKey, `cbr_task_stuck{VAULT}`)+`)`),
			stat{
				head:    head{4, 4, "Not read for", "How long ago an exporter last read everything, in the worst project. Until it is read again nothing becomes overdue, and nothing stops being so. The dashboard of the exporter shows why.", "?"},
				queries: []query{{expr: unread()}}, unit: "s", steps: steps("green", step{300, "orange"}, step{900, "red"}),
			},

			row("What is wrong"),
			wrong("What is overdue", "What has no success in time, longest ago first. Without an error code no task has started, or it timed out, was skipped or is stuck: the exporter's own page shows the reason.",
				"Nothing is overdue, as far as is known", `cbr_resource_overdue{VAULT} == 1`, "Due since", false,
				column{name: "Due since", expr: moment(resourceKey, `cbr_resource_due_timestamp_seconds{VAULT}`), look: ago()}),
			wrong("What fails", "Whose latest task failed or timed out. Look up the error code, fix the cause, and run the task by hand if the next run is far off.",
				"Nothing fails, as far as is known", `cbr_resource_failing{VAULT} == 1`, "Failures in a row", true,
				column{name: "Latest failure", expr: moment(resourceKey, `cbr_resource_last_failure_timestamp_seconds{VAULT}`), look: ago()}),
			graph{
				head: head{12, 8, "Overdue and failing", "How many resources were overdue, failed or were not covered. A jump of many at once has one cause: a full vault, a policy, the network.", "Nothing is judged in this time range"},
				queries: []query{
					{total(resourceKey, `cbr_resource_overdue{VAULT}`), "overdue"},
					{total(resourceKey, `cbr_resource_failing{VAULT}`), "failing"},
					{`sum(1 - min by (` + boundKey + `) (cbr_resource_covered{VAULT}))`, "uncovered"},
				},
				unit: "none", fields: colored(word{"overdue", "Overdue", "red"}, word{"failing", "Failing", "orange"}, word{"uncovered", "Not covered", "purple"}),
			},
			graph{
				head:    head{12, 8, "Tasks of the window by status", "Tasks that were created in the last 24 hours, or in the window of the configuration, by their status at each moment.", "No window is known in this time range"},
				queries: []query{{`sum by (status) (` + most("project, vault_id, operation_type, status", `cbr_tasks{VAULT}`) + `)`, "{{status}}"}},
				unit:    "none", stacked: true, fields: colored(statuses()...),
			},
			table{
				head: head{12, 8, "What no policy covers", "Resources in vaults that no enabled policy backs up. Enable the policy, or apply one to the vault.", "All resources in vaults are covered, as far as is known"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one(boundKey, "vault, resource_name", `cbr_resource_covered{VAULT} == 0`), look: detailed()},
					vaultColumn(), projectColumn(),
				},
				sort: "Vault",
			},
			table{
				head: head{12, 8, "Resources in error or deleted", "In error: the cloud cannot protect the resource. Deleted: it no longer exists, but is still bound to the vault, and its backups cost money. Remove it from the vault.", "No resource is in error or deleted, as far as is known"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one(boundKey, "vault, resource_name, status", `cbr_vault_resource_status{VAULT, status=~"error|deleted"} == 1`), look: detailed()},
					vaultColumn(),
					{name: "Status", label: "status", look: spoken(word{"error", "Error", "red"}, word{"deleted", "Deleted", "purple"})},
					projectColumn(),
				},
				sort: "Vault",
			},

			row("What can be restored, and what no vault holds"),
			table{
				head: head{24, 10, "Restore points", "The backups from which each resource can be restored. Lost: more than half of them are gone within a day, other than by expiry; it is not known within a day after a start of the exporter. Times are those of the data.", "No restore point is known; the exporter needs backups in its configuration"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one(restoreKey, "vault, resource_name", `cbr_resource_restore_points{VAULT}`), look: detailed()},
					vaultColumn(),
					{name: "Restorable", expr: most(restoreKey, `cbr_resource_restore_points{VAULT}`), look: some("red")},
					{name: "Lost", expr: most(restoreKey, `cbr_resource_restore_points_lost{VAULT}`), look: yesNo("red", "text")},
					{name: "Latest", expr: moment(restoreKey, `cbr_resource_latest_restore_point_timestamp_seconds{VAULT}`), look: ago()},
					{name: "Oldest", expr: moment(restoreKey, `cbr_resource_oldest_restore_point_timestamp_seconds{VAULT}`), look: ago()},
					{name: "Next expiry", expr: moment(restoreKey, `cbr_resource_next_restore_point_expiry_timestamp_seconds{VAULT}`), look: ago()},
					{name: "In error", expr: most(restoreKey, `cbr_resource_error_backups{VAULT} > 0`)},
					{name: "Being made", expr: most(restoreKey, `cbr_resource_protecting_backups{VAULT} > 0`)},
					projectColumn(),
				},
				sort: "Restorable",
			},
			table{
				head: head{12, 9, "Unprotected resources", "What exists and is in no vault, so that nothing backs it up. With an error code the cloud cannot back it up. Put it into a vault, or exclude it in the configuration of the exporter.", "All resources are in a vault or excluded, as far as is known"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one("project, resource_id", "resource_name, resource_type, error_code", `cbr_unprotected_resource_info{PROJECT}`)},
					{name: "Type", label: "resource_type"},
					{name: "Error code", label: "error_code"},
					projectColumn(),
				},
				sort: "Resource",
			},
			table{
				head: head{12, 9, "Resources by type", "How many resources exist, and how many are in a vault. The excluded ones are in none, and meant to have no backup.", "Nothing is known; the exporter needs protectables in its configuration"},
				columns: []column{
					{name: "Type", label: "resource_type"},
					{name: "In vaults", expr: most(typedKey, `cbr_protectable_resources{PROJECT, protected="true"}`)},
					{name: "In none", expr: most(typedKey, `cbr_protectable_resources{PROJECT, protected="false"}`)},
					{name: "Excluded", expr: most(typedKey, `cbr_unprotected_resources_excluded{PROJECT}`)},
					projectColumn(),
				},
				sort: "Type",
			},

			row("What runs"),
			table{
				head: head{24, 9, "What runs and waits", "Tasks that have not ended, oldest first. A task is stuck if it runs far longer than the last such task, or waits too long: ask the cloud's support to stop it.", "Nothing runs or waits, as far as was read"},
				columns: []column{
					{name: "Resource", label: "resource_name", expr: one(taskKey, "resource_name", `cbr_task_info{VAULT}`), look: detailed()},
					{name: "Stuck", expr: one(taskKey, "vault, operation_type", `cbr_task_stuck{VAULT}`), look: yesNo("orange", "text")},
					vaultColumn(), operationColumn(),
					{name: "Status", label: "status", expr: one(taskKey, "status", `cbr_task_status{VAULT} == 1`), look: spoken(statuses()...)},
					{name: "Progress", expr: most(taskKey, `cbr_task_progress_ratio{VAULT}`), look: share(steps("blue"))},
					{name: "Created", expr: moment(taskKey, `cbr_task_created_timestamp_seconds{VAULT}`), look: ago()},
					{name: "Started", expr: moment(taskKey, `cbr_task_started_timestamp_seconds{VAULT}`), look: ago()},
					{name: "Task id", label: "task_id", look: wide()},
					projectColumn(),
				},
				keep: []string{"Resource", "Stuck"}, sort: "Created",
			},

			row("Vaults and policies"),
			table{
				head: head{24, 10, "Vaults", "How full each vault is, and how full it will be in 7 days if the next week is like the last; red if it will be full. A vault is nearly full from its own threshold on. Expand it before it is full: then its backups fail.", "No vault is known; the exporter needs vaults in its configuration"},
				columns: []column{
					{name: "Vault", label: "vault", expr: one(vaultKey, "vault, protect_type", `cbr_vault_info{VAULT}`)},
					{name: "Use", expr: most(vaultKey, `cbr_vault_used_bytes{VAULT} / cbr_vault_capacity_bytes{VAULT}`), look: share(steps("blue"))},
					{name: "In 7 days", expr: forecast(), look: share(steps("blue", step{1, "red"}))},
					{name: "Nearly full", expr: most(vaultKey, `cbr_vault_nearly_full{VAULT}`), look: yesNo("orange", "text")},
					{name: "Full", expr: most(vaultKey, `cbr_vault_full{VAULT}`), look: yesNo("red", "text")},
					{name: "Available", expr: `min by (` + vaultKey + `) (cbr_vault_available{VAULT})`, look: yesNo("green", "red")},
					{name: "Status", label: "status", expr: one(vaultKey, "status", `cbr_vault_status{VAULT} == 1`)},
					{name: "Used", expr: most(vaultKey, `cbr_vault_used_bytes{VAULT}`), look: size()},
					{name: "Capacity", expr: most(vaultKey, `cbr_vault_capacity_bytes{VAULT}`), look: size()},
					{name: "Resources", expr: most(vaultKey, `cbr_vault_resources{VAULT}`)},
					{name: "Protects by", label: "protect_type"},
					projectColumn(),
				},
				sort: "Use", desc: true,
			},
			graph{
				head:    head{12, 8, "Use of the fullest vaults", "The used share of the capacity of the ten fullest vaults.", "No vault is known in this time range"},
				queries: []query{{`topk(10, max by (project, vault) (cbr_vault_used_bytes{VAULT} / cbr_vault_capacity_bytes{VAULT}))`, "{{project}} {{vault}}"}},
				unit:    "percentunit",
			},
			table{
				head: head{12, 8, "Policies", "Disabled policies first. Resources without an enabled policy are never overdue, but not covered. A policy without a vault does nothing.", "No policy is known; the exporter needs vaults in its configuration"},
				columns: []column{
					{name: "Policy", label: "policy_name", expr: one(policyKey, "policy_name, operation_type", `cbr_policy_info{PROJECT}`)},
					{name: "Operation", label: "operation_type"},
					{name: "Enabled", expr: most(policyKey, `cbr_policy_enabled{PROJECT}`), look: yesNo("green", "orange")},
					{name: "Vaults", expr: `count by (` + policyKey + `) (group by (` + policyKey + `, vault_id) (cbr_policy_vault_info{PROJECT}))`},
					projectColumn(),
				},
				sort: "Enabled",
			},
		},
	}
}

func projectVariable() object { return variable("project", "Project", ".*", `cbr_up`, "project") }

// Tasks may have no vault.
func vaultVariable() object {
	return variable("vault", "Vault", ".*", `{__name__=~"cbr_task_info|cbr_tasks|cbr_vault_info", PROJECT}`, "vault")
}

// unread is how long the exporters of the worst project have not read something.
func unread() string {
	return `max(min by (project, collector) (cbr_scrape_collector_incomplete_seconds{PROJECT}))`
}

// sentence is how many are overdue, or that the exporter is blind.
func sentence() block {
	return stat{
		head: head{
			24, 4, "Are the backups in time?",
			"Green: nothing is overdue. Red: something is overdue, or something has not been read for more than a quarter of an hour, so that nothing new is known. The dashboard of the exporter shows why.",
			"Nothing is known: nothing is due, or there are no numbers from the exporter",
		},
		queries: []query{
			{total(resourceKey, `cbr_resource_overdue{VAULT}`) + ` unless on () ` + unread() + ` > 900`, "overdue"},
			{`floor(` + unread() + ` / 60) > 15`, "blind"},
		},
		unit: "suffix:without a success in time", steps: steps("green", step{1, "red"}), center: true,
		words:  []word{{"0", "No backup or replication is overdue", "green"}},
		fields: []override{named("blind", property{"unit", "suffix:minutes without a complete reading: nothing new is known"})},
	}
}

// number is a stat that takes a colour from 1 on.
func number(w int, title, color, about, expr string) block {
	return stat{
		head: head{w, 4, title, about, "?"}, queries: []query{{expr: expr}},
		unit: "none", steps: steps("text", step{1, color}),
	}
}

// wrong is a table of what a verdict is 1 of, and why.
func wrong(title, about, empty, verdict, sort string, desc bool, since column) block {
	return table{
		head: head{24, 9, title, about, empty},
		columns: []column{
			{name: "Resource", label: "resource_name", expr: one(resourceKey, "vault, resource_name", verdict), look: detailed()},
			vaultColumn(), operationColumn(), since,
			{name: "Latest success", expr: moment(resourceKey, `cbr_resource_last_success_timestamp_seconds{VAULT}`), look: ago()},
			{name: "Failures in a row", expr: most(resourceKey, `cbr_resource_consecutive_failures{VAULT} > 0`)},
			{name: "Restorable", expr: ofBackups(most(restoreKey, `cbr_resource_restore_points{VAULT}`)), look: some("red")},
			{name: "Latest restore point", expr: ofBackups(moment(restoreKey, `cbr_resource_latest_restore_point_timestamp_seconds{VAULT}`)), look: ago()},
			errorColumn(`VAULT`), projectColumn(),
		},
		keep: []string{"Resource"}, sort: sort, desc: desc,
	}
}

// ofBackups is a query about resources that is shown in the rows of their backups.
func ofBackups(expr string) string {
	return `label_replace(` + expr + `, "operation_type", "backup", "", "")`
}

// errorColumn is why the latest task of each resource failed.
func errorColumn(chosen string) column {
	return column{
		name: "Error code", label: "error_code",
		expr: one(resourceKey, "error_code", `cbr_resource_last_finished_task_info{`+chosen+`, error_code!=""}`),
	}
}

// forecast is the use of each vault in a week if that is like the last one.
func forecast() string {
	used := most(vaultKey, `cbr_vault_used_bytes{VAULT}`)
	past := most(vaultKey, `cbr_vault_used_bytes{VAULT} offset 1w`)
	return `(2 * ` + used + ` - ` + past + `) / ` + most(vaultKey, `cbr_vault_capacity_bytes{VAULT}`)
}
