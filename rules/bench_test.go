package rules_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

var benchFiles = flag.String("rules.bench", "", "rules files to measure, separated by commas")

const (
	benchResources = 4000
	benchVaults    = 100
	// A minute of the rules is two seconds, so that an hour of scrapes takes two minutes.
	benchMinute = 2
)

// BenchmarkRules reports how long one evaluation of all groups takes in a real Prometheus
// that scrapes 4,000 resources: the shortest of 30, so that what else runs on the machine
// counts little. Beside the files of -rules.bench it evaluates a floor.
func BenchmarkRules(b *testing.B) {
	if *benchFiles == "" {
		b.Skip("-rules.bench names no file; this takes three minutes")
	}
	page := benchPage()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write(page) // Prometheus has gone, or reports a failed scrape
	}))
	defer server.Close()
	files := map[string]string{"floor.yml": floor(b, page)}
	for file := range strings.SplitSeq(*benchFiles, ",") {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		files[filepath.Base(file)] = string(text)
	}
	for b.Loop() {
		for file, seconds := range evaluations(b, files, server.Listener.Addr().String()) {
			b.ReportMetric(seconds*1000, file+"-ms")
		}
	}
}

// floor returns rules with an alert for each of the shipped ones, which looks for a value that
// no series has, in the latest samples of the same series.
func floor(b *testing.B, page []byte) string {
	b.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		b.Fatal(err)
	}
	var shipped struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(text, &shipped); err != nil {
		b.Fatal(err)
	}
	selectors := regexp.MustCompile(`\bcbr_\w+(\{.*?\})?`)
	rules := "groups:\n- name: floor\n  interval: 1m\n  rules:\n"
	for _, group := range shipped.Groups {
		for _, r := range group.Rules {
			var values []string
			for _, selector := range selectors.FindAllString(r.Expr, -1) {
				family, _, _ := strings.Cut(selector, "{")
				if strings.HasPrefix(family, "cbr_resource_") && !bytes.Contains(page, []byte("\n"+family+"{")) {
					b.Errorf("%s: no series of %s is scraped", r.Alert, family)
				}
				values = append(values, selector+" == 2")
			}
			if len(values) > 0 { // those of up have none
				rules += "  - {alert: Floor, expr: '" + strings.Join(values, " or ") + "'}\n"
			}
		}
	}
	return rules
}

// evaluations returns the seconds that an evaluation of the rules of each file takes.
func evaluations(b *testing.B, files map[string]string, target string) map[string]float64 {
	b.Helper()
	dir := b.TempDir()
	config := fmt.Sprintf(`
global: {scrape_interval: 1m, scrape_timeout: 1m, evaluation_interval: 1m}
rule_files: ["rules-*"]
scrape_configs: [{job_name: cbr, static_configs: [{targets: [%q]}]}]
`, target)
	written := map[string]string{"prometheus.yml": config}
	for name, rules := range files {
		written["rules-"+name] = rules
	}
	for name, content := range written {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(hastened(content)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	address := process.FreeAddress(b)
	prometheus := process.Start(b, exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn"))

	time.Sleep(60 * benchMinute * time.Second)
	shortest := map[string]float64{}
	for range 30 {
		time.Sleep(benchMinute * time.Second)
		for name := range files {
			seconds := lastDuration(b, address, filepath.Join(dir, "rules-"+name))
			if before, ok := shortest[name]; !ok || seconds < before {
				shortest[name] = seconds
			}
		}
	}
	prometheus.Stop(b)
	return shortest
}

// lastDuration returns how long the last evaluation of each group of a file took, in all.
func lastDuration(b *testing.B, address, file string) float64 {
	b.Helper()
	page, err := process.Get("http://" + address + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	sum := 0.0
	for _, found := range regexp.MustCompile(`(?m)^prometheus_rule_group_last_duration_seconds\{rule_group="`+regexp.QuoteMeta(file)+`;.*\} (.+)$`).FindAllStringSubmatch(page, -1) {
		seconds, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += seconds
	}
	if sum == 0 {
		b.Fatal("no group of rules was evaluated")
	}
	return sum
}

// hastened returns a configuration or rules with minutes of benchMinute seconds.
func hastened(text string) string {
	duration := regexp.MustCompile(`(\[|:|: )(\d+)([mhd])\b`)
	seconds := map[string]int{"m": benchMinute, "h": 60 * benchMinute, "d": 24 * 60 * benchMinute}
	return duration.ReplaceAllStringFunc(text, func(found string) string {
		parts := duration.FindStringSubmatch(found)
		n, err := strconv.Atoi(parts[2])
		if err != nil {
			panic(err) // only digits match
		}
		return fmt.Sprintf("%s%ds", parts[1], n*seconds[parts[3]])
	})
}

// benchPage is what an exporter exposes of a project: the families that the rules ask, and the
// larger ones beside them. Of a hundred resources one fails,
// is overdue and lost, and there is one that no vault holds.
func benchPage() []byte {
	var page bytes.Buffer
	now := time.Now().Unix()
	for i := range benchVaults {
		vault := fmt.Sprintf(`project="p",vault_id="vault-id-%04d",vault="vault-%04d",tag_team="team-%d"`, i, i, i%10)
		fmt.Fprintf(&page, "cbr_vault_available{%s} 1\ncbr_vault_full{%s} 0\ncbr_vault_nearly_full{%s} 0\n", vault, vault, vault)
		fmt.Fprintf(&page, "cbr_vault_info{%s,consistent_level=\"crash_consistent\",auto_expand=\"false\"} 1\n", vault)
		policy := fmt.Sprintf(`project="p",policy_id="policy-id-%04d",policy_name="policy-%04d"`, i, i)
		fmt.Fprintf(&page, "cbr_policy_enabled{%s} 1\ncbr_policy_vault_info{%s,vault_id=\"vault-id-%04d\"} 1\n", policy, policy, i)
	}
	for i := range benchResources {
		bad, code := 0, ""
		if i%100 == 0 {
			bad, code = 1, "BackupService.6114"
		}
		v := i % benchVaults
		bound := fmt.Sprintf(`project="p",vault_id="vault-id-%04d",vault="vault-%04d",resource_id="resource-id-%05d",resource_name="server-%05d"`, v, v, i, i)
		tag := fmt.Sprintf(`,tag_team="team-%d"`, v%10)
		key := bound + `,operation_type="backup"`
		fmt.Fprintf(&page, "cbr_resource_overdue{%s%s} %d\ncbr_resource_failing{%s%s} %d\n", key, tag, bad, key, tag, bad)
		fmt.Fprintf(&page, "cbr_resource_covered{%s%s} 1\ncbr_resource_due_timestamp_seconds{%s} %d\n", bound, tag, key, now)
		for _, name := range []string{"last_finished_task_created_timestamp_seconds", "last_finished_task_ended_timestamp_seconds", "last_success_timestamp_seconds", "last_failure_timestamp_seconds"} {
			fmt.Fprintf(&page, "cbr_resource_%s{%s} %d\n", name, key, now)
		}
		for _, name := range []string{"last_finished_task_duration_seconds", "last_success_duration_seconds", "last_finished_task_app_consistent", "consecutive_failures"} {
			fmt.Fprintf(&page, "cbr_resource_%s{%s} %d\n", name, key, bad)
		}
		fmt.Fprintf(&page, "cbr_resource_restorable{%s%s} %d\n", bound, tag, 1-bad)
		fmt.Fprintf(&page, "cbr_resource_restore_points{%s%s} 7\ncbr_resource_restore_points_lost{%s%s} %d\n", bound, tag, bound, tag, bad)
		for _, name := range []string{"latest_restore_point_timestamp_seconds", "oldest_restore_point_timestamp_seconds", "next_restore_point_expiry_timestamp_seconds", "error_backups", "protecting_backups"} {
			fmt.Fprintf(&page, "cbr_resource_%s{%s} %d\n", name, bound, now)
		}
		if bad == 1 {
			fmt.Fprintf(&page, "cbr_unprotected_resource_info{project=\"p\",resource_id=\"free-id-%05d\",resource_name=\"free-%05d\",resource_type=\"OS::Nova::Server\",error_code=\"\"} 1\n", i, i)
		}
		fmt.Fprintf(&page, "cbr_resource_last_finished_task_info{%s,task_id=\"task-id-%05d\",policy_id=\"\",error_code=%q} 1\n", key, i, code)
		for _, status := range []string{"success", "skipped", "failed", "timeout", "unknown"} {
			fmt.Fprintf(&page, "cbr_resource_last_finished_task_status{%s,status=%q} %d\n", key, status, map[string]int{"success": 1 - bad, "failed": bad}[status])
		}
		for _, status := range []string{"available", "error", "protecting", "restoring", "removing", "deleted", "unknown"} {
			fmt.Fprintf(&page, "cbr_vault_resource_status{%s,status=%q} %d\n", bound, status, map[string]int{"available": 1}[status])
		}
	}
	for _, collector := range []string{"discovery", "vaults", "backups", "protectables"} {
		fmt.Fprintf(&page, "cbr_scrape_collector_success{project=\"p\",collector=%q} 1\n", collector)
		fmt.Fprintf(&page, "cbr_scrape_collector_incomplete_seconds{project=\"p\",collector=%q} 0\n", collector)
		fmt.Fprintf(&page, "cbr_scrape_collector_last_success_timestamp_seconds{project=\"p\",collector=%q} %d\n", collector, now)
	}
	fmt.Fprintln(&page, `cbr_up{project="p"} 1`)
	fmt.Fprintln(&page, `cbr_project_info{project="p",page="https://example.com/cbr/"} 1`)
	fmt.Fprintln(&page, `cbr_exporter_config_last_reload_successful 1`)
	return page.Bytes()
}
