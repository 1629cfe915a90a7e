//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const rulesTestFile = "../../rules/cbr.rules.test.yml"

// labelsOfAlerts returns of each shipped alert the labels that it has in the rules' unit
// tests, all of them about the same. The name of one without a project gets a star.
func labelsOfAlerts(t *testing.T) map[string]map[string]string {
	t.Helper()
	var content struct {
		Tests []struct {
			Queries []struct {
				Samples []struct {
					Labels string `yaml:"labels"`
				} `yaml:"exp_samples"`
			} `yaml:"promql_expr_test"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal([]byte(readFile(t, rulesTestFile)), &content); err != nil {
		t.Fatal(err)
	}
	same := map[string]string{"project": "p", "vault_id": "v", "resource_id": "r", "operation_type": "backup", "task_id": "t"}
	alerts := map[string]map[string]string{}
	for _, test := range content.Tests {
		for _, query := range test.Queries {
			for _, s := range query.Samples {
				labels := map[string]string{}
				for _, pair := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(s.Labels, -1) {
					if value, ok := same[pair[1]]; ok {
						labels[pair[1]] = value
					} else if pair[1] != "alertstate" {
						labels[pair[1]] = pair[2]
					}
				}
				name := labels["alertname"]
				if labels["project"] == "" {
					name += "*"
				}
				if labels["operation_type"] != "" && name == "CBRSyncFailed" {
					labels["operation_type"] = "sync"
				}
				if len(labels) > len(alerts[name]) {
					alerts[name] = labels
				}
			}
		}
	}
	for _, r := range shippedRules(t) {
		if r.Alert != "" && alerts[r.Alert] == nil && alerts[r.Alert+"*"] == nil {
			t.Errorf("%s has no unit test", r.Alert)
		}
	}
	return alerts
}

// TestInhibition has each shipped alert fire together with each other one, and compares
// which of them mutes which. Alertmanager takes labels that nobody has without a word.
func TestInhibition(t *testing.T) {
	alerts := labelsOfAlerts(t)
	var about []string // a project
	for _, name := range slices.Sorted(maps.Keys(alerts)) {
		if alerts[name]["project"] != "" {
			about = append(about, name)
		}
	}
	noSuccess := []string{"CBRFailingRepeatedly", "CBRTaskFailed", "CBRTaskSkipped", "CBRTaskTimedOut"}
	want := map[string][]string{
		"CBRBlindForHours":     {"CBRBlind"},
		"CBRVaultFull":         {"CBRVaultNearlyFull"},
		"CBRBackupStale":       noSuccess,
		"CBRNeverSucceeded":    noSuccess,
		"CBRFailingRepeatedly": {"CBRTaskFailed", "CBRTaskTimedOut"},
	}
	for _, targets := range want {
		slices.Sort(targets)
	}

	// Each pair in a project of its own; and where both have a vault, a resource or an
	// operation type, once more with another, where nothing is muted.
	const elsewhere = " elsewhere"
	var together []map[string]string
	pair := func(one map[string]string, project string) map[string]string {
		labels := maps.Clone(one)
		labels["project"] = project
		return labels
	}
	for _, source := range about {
		for _, target := range about {
			if source == target {
				continue
			}
			project := source + " " + target
			together = append(together, pair(alerts[source], project), pair(alerts[target], project))
			for _, label := range []string{"vault_id", "resource_id", "operation_type"} {
				if alerts[source][label] == "" || alerts[target][label] == "" {
					continue
				}
				project := project + " " + label + elsewhere
				moved := pair(alerts[target], project)
				moved[label] = "another"
				together = append(together, pair(alerts[source], project), moved)
			}
		}
	}
	inhibited := inhibitedBy(t, together)
	got := map[string][]string{}
	for by, targets := range inhibited {
		for _, target := range targets {
			source, _, _ := strings.Cut(target[1], " ")
			switch {
			case strings.HasSuffix(target[1], elsewhere):
				t.Errorf("%s mutes %s in %s", by, target[0], target[1])
			case by == source: // and not the other way round, which is another pair
				got[source] = append(got[source], target[0])
			}
		}
	}
	// What is of no project mutes nothing.
	all := []map[string]string{alerts["CBRExporterDown*"], alerts["CBRConfigReloadFailed*"]}
	for _, name := range about {
		all = append(all, pair(alerts[name], name))
	}
	for by, targets := range inhibitedBy(t, all) {
		for _, target := range targets {
			got[by+"*"] = append(got[by+"*"], target[0])
		}
	}
	for _, targets := range got {
		slices.Sort(targets)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("who mutes whom (-want +got):\n%s", diff)
	}
}

// inhibitedBy has alerts fire and returns by the name of an alert the names and projects
// of those that it mutes.
func inhibitedBy(t *testing.T, alerts []map[string]string) map[string][][2]string {
	t.Helper()
	address := freeAddress(t)
	startAlertmanager(t, address, readFile(t, alertmanagerFile))
	postAlerts(t, address, alerts...)
	var known []struct {
		Fingerprint string            `json:"fingerprint"`
		Labels      map[string]string `json:"labels"`
		Status      struct {
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	// The inhibitor hears of alerts a moment later than the list: the answer is that which
	// stays.
	var before []byte
	eventually(t, 30*time.Second, func() error {
		time.Sleep(500 * time.Millisecond)
		answer, err := get(t, "http://"+address+"/api/v2/alerts")
		if err != nil {
			return err
		}
		if !bytes.Equal(answer, before) {
			before = answer
			return fmt.Errorf("still changing: %d bytes", len(answer))
		}
		return json.Unmarshal(answer, &known)
	})
	names := map[string]string{}
	for _, a := range known {
		names[a.Fingerprint] = a.Labels["alertname"]
	}
	muted := map[string][][2]string{}
	for _, a := range known {
		for _, by := range a.Status.InhibitedBy {
			muted[names[by]] = append(muted[names[by]], [2]string{a.Labels["alertname"], a.Labels["project"]})
		}
	}
	return muted
}

func TestRoutes(t *testing.T) {
	for _, tt := range []struct{ name, labels, want string }{
		{"a failure", "alertname=CBRTaskFailed severity=warning vault_id=v", "chat"},
		{"an old backup", "alertname=CBRBackupStale severity=critical vault_id=v", "page"},
		{"a skipped task", "alertname=CBRTaskSkipped severity=info vault_id=v", "chat"},
		{"refused credentials", "alertname=CBRCredentialsRejected severity=warning", "chat"},
		{"a failure of the team", "alertname=CBRTaskFailed severity=warning vault_id=" + vaultID(payments), "chat-payments"},
		{"an old backup of the team", "alertname=CBRBackupStale severity=critical vault_id=" + vaultID(payments), "page-payments"},
		{"something else", "alertname=Watchdog", "chat"},
	} {
		args := append([]string{"config", "routes", "test", "--config.file=" + alertmanagerFile, "--verify.receivers=" + tt.want}, strings.Fields(tt.labels)...)
		if out, err := exec.CommandContext(t.Context(), "amtool", args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tt.name, err, out)
		}
	}
}
