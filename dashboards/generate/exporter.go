package main

// exporter shows whether the numbers can be trusted, and what they cost.
func exporter() page {
	api := `cbr_exporter_api_requests_total{API}`
	return page{
		uid: "cbr-exporter", title: "Huawei Cloud CBR / Exporter", from: "now-6h",
		about: "Whether the numbers can be trusted: what was read and when, why not, the credentials, the requests to the API, and the process.",
		variables: []object{
			sourceVariable(),
			// No pattern for all: it would take in the targets of other programs.
			variable("job", "Job", "", `{__name__=~"cbr_up|cbr_exporter_build_info"}`, "job"),
			projectVariable(),
		},
		blocks: []block{
			row("Can the numbers be trusted?"),
			stat{
				head:    head{24, 5, "Projects", "Down: the API refuses the credentials or cannot be reached; the reasons below show why.", "No project is known"},
				queries: []query{{`max by (project) (cbr_up{API})`, "{{project}}"}},
				unit:    "none", steps: steps("red", step{1, "green"}), names: true,
				words: []word{{"0", "Down", "red"}, {"1", "Up", "green"}},
			},
			table{
				head: head{14, 9, "What was read", "Tasks: the ids of the configuration. Discovery: the task list. Vaults: vaults and policies. Not read for: how long something has been missing. The verdicts of that exporter do not change meanwhile.", "No collector is known"},
				columns: []column{
					{name: "Collector", label: "collector", expr: most("project, instance, collector", `cbr_scrape_collector_success{API}`)},
					{name: "Complete", expr: most("project, instance, collector", `cbr_scrape_collector_success{API}`), look: yesNo("green", "red")},
					{name: "Not read for", expr: most("project, instance, collector", `cbr_scrape_collector_incomplete_seconds{API}`), look: seconds(step{300, "orange"}, step{900, "red"})},
					{name: "Latest reading", expr: moment("project, instance, collector", `cbr_scrape_collector_last_success_timestamp_seconds{API}`), look: ago()},
					projectColumn(), instanceColumn(),
				},
				sort: "Not read for", desc: true,
			},
			table{
				head: head{10, 9, "Why not", "What the latest pass could not read, and why. docs/metrics.md has the remedy for each reason; the log has the message.", "The latest pass could read everything"},
				columns: []column{
					{name: "Reason", label: "reason", expr: `max by (project, instance, reason) (cbr_scrape_error{API} == 1)`},
					projectColumn(), instanceColumn(),
				},
				sort: "Project",
			},
			number(4, "Credentials refused", "red", "In how many projects the cloud refuses the credentials. Renew them: the exporter takes a new file or configuration at once.",
				total("project", `cbr_exporter_credentials_rejected{API}`)),
			stat{
				head:    head{4, 4, "Credentials expire in", "The soonest of all tokens and temporary keys. The exporter replaces them earlier, so a short time means that this fails. Access keys have no known end.", "No end is known"},
				queries: []query{{expr: `min(max by (project) (cbr_exporter_credentials_expiry_timestamp_seconds{API})) - time()`}},
				unit:    "s", steps: steps("red", step{1800, "green"}),
			},
			stat{
				head:    head{4, 4, "Configuration", "Refused: the latest attempt to load the configuration has failed, and an older one is in use. The log shows why.", "?"},
				queries: []query{{expr: `min(cbr_exporter_config_last_reload_successful{EXPORTER})`}},
				unit:    "none", steps: steps("red", step{1, "green"}), words: []word{{"0", "Refused", "red"}, {"1", "In use", "green"}},
			},
			stat{
				head:    head{4, 4, "Loaded", "When the configuration that is in use was loaded; the oldest of several exporters.", "?"},
				queries: []query{{expr: `1000 * min(cbr_exporter_config_last_reload_success_timestamp_seconds{EXPORTER})`}},
				unit:    "dateTimeFromNow", steps: steps("text"),
			},
			number(8, "Records left out", "red", "Records of tasks beyond the limits of a project: it has too many active tasks, resources or vaults, or the service keeps sending new ones. Verdicts do not change meanwhile.",
				total("project", `cbr_tasks_left_out{API}`)),
			table{
				head: head{14, 8, "Exporters", "What is scraped, and how long that takes. A target that has no series of the exporter yet is missing; see Prometheus' page of targets.", "No exporter is known"},
				columns: []column{
					{name: "Up", expr: most("job, instance", `up{EXPORTER}`), look: yesNo("green", "red")},
					{name: "Scrape takes", expr: most("job, instance", `scrape_duration_seconds{EXPORTER}`), look: seconds()},
					{name: "Series", expr: most("job, instance", `scrape_samples_post_metric_relabeling{EXPORTER}`)},
					{name: "Version", label: "version", expr: `max by (job, instance, version) (cbr_exporter_build_info{EXPORTER})`},
					{name: "Started", expr: moment("job, instance", `process_start_time_seconds{EXPORTER}`), look: ago()},
					instanceColumn(),
					{name: "Job", label: "job"},
				},
				sort: "Scrape takes", desc: true,
			},
			table{
				head: head{10, 8, "Projects in the cloud", "The id, the region and the enterprise project of each project.", "No id of a project is known"},
				columns: []column{
					{name: "Region", label: "region", expr: one("project", "project_id, region, enterprise_project_id", `cbr_project_info{API}`)},
					{name: "Project id", label: "project_id"},
					{name: "Enterprise project", label: "enterprise_project_id"},
					projectColumn(),
				},
				sort: "Project",
			},

			row("The API and the process"),
			graph{
				head:    head{12, 9, "Requests by operation and code", "429: the API throttles the exporter. 401 and 403: it refuses the credentials. error: there was no response.", "No request in this time range"},
				queries: []query{{`sum by (operation, code) (rate(` + api + `[$__rate_interval]))`, "{{operation}} {{code}}"}},
				unit:    "reqps",
			},
			graph{
				head: head{12, 9, "Requests by project", "All requests, and those with an error or without a response.", "No request in this time range"},
				queries: []query{
					{`sum by (project) (rate(` + api + `[$__rate_interval]))`, "{{project}}"},
					{`sum by (project) (rate(cbr_exporter_api_requests_total{API, code!~"2.."}[$__rate_interval]))`, "{{project}}, failed"},
				},
				unit: "reqps",
			},
			graph{
				head:    head{12, 9, "Latency of the API", "Time until the header of the response: half of the requests take less, and 95 of 100.", "No request in this time range"},
				queries: []query{{latency("0.5"), "half {{operation}}"}, {latency("0.95"), "95 % {{operation}}"}},
				unit:    "s",
			},
			graph{
				head:    head{12, 9, "How long a pass takes", "Keep it below Prometheus' scrape_timeout and scrape.timeout of the configuration.", "No pass is known in this time range"},
				queries: []query{{`max by (project, instance) (cbr_scrape_duration_seconds{API})`, "{{project}} {{instance}}"}},
				unit:    "s",
			},
			graph{
				head:    head{8, 8, "Not read for", "How long something has been missing, for each exporter.", "No collector is known in this time range"},
				queries: []query{{`max by (project, instance, collector) (cbr_scrape_collector_incomplete_seconds{API})`, "{{project}} {{collector}} {{instance}}"}},
				unit:    "s",
			},
			graph{
				head:    head{8, 8, "Invalid fields", "Fields in the API's responses that could not be read and were left out.", "No invalid field in this time range"},
				queries: []query{{`max by (project, field) (increase(cbr_exporter_invalid_fields_total{API}[$__rate_interval]))`, "{{project}} {{field}}"}},
				unit:    "none",
			},

			graph{
				head:    head{8, 8, "Memory", "Resident memory of each exporter.", "No process is known in this time range"},
				queries: []query{{`process_resident_memory_bytes{EXPORTER}`, "{{instance}}"}},
				unit:    "bytes",
			},
		},
	}
}

func instanceColumn() column { return column{name: "Instance", label: "instance"} }

// latency is a quantile, of classic histograms or of native ones.
func latency(quantile string) string {
	const duration = `cbr_exporter_api_request_duration_seconds`
	rate := func(by, name string) string {
		return `histogram_quantile(` + quantile + `, sum by (` + by + `) (rate(` + name + `{API}[$__rate_interval])))`
	}
	return rate("le, operation", duration+"_bucket") + ` or ` + rate("operation", duration)
}
