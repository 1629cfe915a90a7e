package performance_test

// row is a line of the table in docs/performance.md.
type row struct {
	what    string
	figure  result
	without result  // the same work without the exporter; zero: none
	target  float64 // of the ratio of both, or of figure if it is compared with nothing
	command string  // repeats it
}

// result is one of the values that a benchmark reports.
type result struct{ benchmark, unit string }

const (
	here  = "go test ./test/performance -run '^$' -bench "
	sdk   = "cd test/sdkcompat && go test -run '^$' -bench Tasks"
	pages = "go test ./collector -run '^$' -bench /10000"
	root  = "go test . -run '^$' -bench "
	rules = "make bench-rules"
)

// rows returns the table, in its order.
func rows() []row {
	cpu := func(benchmark string) result { return result{benchmark, "cpu-ms/op"} }
	wall := func(benchmark string) result { return result{benchmark, "ns/op"} }
	var none result
	return []row{
		{"decode a list of 1,000 tasks", cpu("Decode/client"), cpu("Decode/without"), 2, here + "Decode"},
		{"first full sync, 50,000 tasks", cpu("FullSync/first"), cpu("FullSync/without"), 2, here + "FullSync"},
		{"full sync an hour later", cpu("FullSync/again"), cpu("FullSync/without"), 2, here + "FullSync"},
		{"200 tasks by id, beside the SDK in a loop", wall("Tasks/client-16"), wall("Tasks/sdk-loop"), 0.1, sdk},
		{"200 tasks by id, beside the SDK in 16 goroutines", wall("Tasks/client-16"), wall("Tasks/sdk-16"), 1.1, sdk},

		{"scrape, 100 resources", cpu("Scrape/keys=100/exporter"), cpu("Scrape/keys=100/without"), 1.5, here + "'Scrape/keys=100$'"},
		{"scrape, 1,000 resources", cpu("Scrape/keys=1000/exporter"), cpu("Scrape/keys=1000/without"), 1.2, here + "'Scrape/keys=1000$'"},
		{"scrape, 2,000 resources", cpu("Scrape/keys=2000/exporter"), cpu("Scrape/keys=2000/without"), 1.2, here + "'Scrape/keys=2000$'"},
		{"scrape, 10,000 resources", cpu("Scrape/keys=10000/exporter"), cpu("Scrape/keys=10000/without"), 1.2, here + "'Scrape/keys=10000$'"},
		{"scrape, 36,000 resources", cpu("Scrape/keys=36000/exporter"), cpu("Scrape/keys=36000/without"), 1.2, here + "'Scrape/keys=36000$'"},
		{"its page alone, 10,000 resources", wall("Scrape/10000"), wall("Prebuilt/10000"), 1.2, pages},

		{"requests for tasks in a steady scrape", result{"Scrape/keys=2000/exporter", "task-requests/op"}, none, 3, here + "'Scrape/keys=2000$'"},
		{"requests for vaults between refreshes", result{"Scrape/keys=2000/exporter", "vault-requests/op"}, none, 0, here + "'Scrape/keys=2000$'"},
		{"first page after the first list", result{"FirstPage", "ms-after-list"}, none, 300, here + "FirstPage"},
		{"memory, 58,000 tasks, 2,000 resources", result{"Resident/keys=2000,tasks-alone", "MB-between"}, none, 60, root + "'Resident/keys=2000,tasks-alone$'"},
		// It is 659 MB if all families are gathered at once. The target is half of it.
		{"peak memory of a scrape, 36,000 resources", result{"Resident/keys=36000,tasks-alone", "MB-scraping"}, none, 330, root + "'Resident/keys=36000,tasks-alone$'"},

		{"an evaluation of the rules, 4,000 resources", result{"Rules", "cbr.rules.yml-ms"}, result{"Rules", "floor.yml-ms"}, 3, rules},
	}
}
