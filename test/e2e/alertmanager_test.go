//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

const (
	rulesFile        = "../../rules/cbr.rules.yml"
	alertmanagerFile = "../../deploy/alertmanager.yml"
	templateFile     = "../../deploy/alertmanager.tmpl"
	prometheusFile   = "../../deploy/compose/prometheus.yml"
)

// startAlertmanager starts an Alertmanager with a configuration and the shipped templates.
func startAlertmanager(t *testing.T, config string) server {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	writeFile(t, file, config)
	writeFile(t, filepath.Join(dir, "alertmanager.tmpl"), readFile(t, templateFile))
	return startServer(t, process.FreeAddress(t), alertmanagerBinary, "--config.file="+file,
		"--storage.path="+filepath.Join(dir, "data"), "--cluster.listen-address=", "--log.level=warn")
}

// inbox receives the messages of an Alertmanager.
type inbox struct {
	*httptest.Server
	mu       sync.Mutex
	messages []notice
}

// notice is a received message.
type notice struct {
	at   time.Time
	line string // what a person sees, in short
	text string // the whole text of a chat message
}

// openInbox receives chat messages at /chat and pages at /page.
func openInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /chat", func(w http.ResponseWriter, r *http.Request) {
		var chat struct {
			Channel     string
			Attachments []struct{ Title, Text string }
		}
		if err := json.NewDecoder(r.Body).Decode(&chat); err != nil || len(chat.Attachments) != 1 {
			http.Error(w, "not a chat message", http.StatusBadRequest)
			return
		}
		message := chat.Attachments[0]
		lines := regexp.MustCompile(`(?m)^(\*.+\*|Resolved: .+|The first 10 of .+)$`).FindAllString(message.Text, -1)
		slices.Sort(lines)
		if last := len(lines) - 1; last >= 0 && strings.HasPrefix(lines[last], "The first") {
			lines = lines[last:] // which are the first is arbitrary
		}
		severity := regexp.MustCompile(`^[A-Z]+: `).FindString(message.Title)
		in.add(notice{line: chat.Channel + " " + severity + strings.Join(lines, " "), text: message.Text})
		// As Slack does. Since 0.26, Alertmanager takes anything else for a failure.
		fmt.Fprint(w, "ok")
	})
	mux.HandleFunc("POST /page", func(w http.ResponseWriter, r *http.Request) {
		var page struct {
			Status string
			Alerts []struct {
				Labels map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&page); err != nil {
			http.Error(w, "not a page", http.StatusBadRequest)
			return
		}
		line := "page " + page.Status
		for _, a := range page.Alerts {
			line += fmt.Sprintf(" %s{%s %s}", a.Labels["alertname"], a.Labels["vault"], a.Labels["resource_name"])
		}
		in.add(notice{line: line})
	})
	in.Server = httptest.NewServer(mux)
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) add(m notice) {
	in.mu.Lock()
	defer in.mu.Unlock()
	m.at = time.Now()
	in.messages = append(in.messages, m)
}

// lines returns all messages so far, sorted.
func (in *inbox) lines() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	lines := []string{}
	for _, m := range in.messages {
		lines = append(lines, m.line)
	}
	slices.Sort(lines)
	return lines
}

// first returns the first message with the line.
func (in *inbox) first(line string) notice {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.messages[slices.IndexFunc(in.messages, func(m notice) bool { return m.line == line })]
}

// config returns the shipped configuration with the addresses of the inbox and the routes
// that are in comments.
func (in *inbox) config(t *testing.T) string {
	t.Helper()
	text := regexp.MustCompile(`(?m)^    # (- |  )`).ReplaceAllString(readFile(t, alertmanagerFile), "    $1")
	return hastened(replaced(t, text,
		// Groups of rules are evaluated within a minute in truth, here within three seconds.
		"group_wait: 1m", "group_wait: 3m", "group_interval: 5m", "group_interval: 3m",
		"https://chat.example.com/hooks/REPLACE_ME", in.URL+"/chat",
		"https://pager.example.com/hooks/REPLACE_ME", in.URL+"/page"))
}

// hastened returns a configuration or rules in which a minute is a second, so that hours
// take minutes. It recognizes durations by the characters before them.
func hastened(text string) string {
	duration := regexp.MustCompile(`(\[|:|: |offset )(\d+)([mhdw])\b`)
	return duration.ReplaceAllStringFunc(text, func(found string) string {
		parts := duration.FindStringSubmatch(found)
		n, err := strconv.Atoi(parts[2])
		if err != nil {
			panic(err) // only digits match
		}
		minutes := n * map[string]int{"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}[parts[3]]
		return parts[1] + strconv.Itoa(minutes) + "s"
	})
}

// replaced returns the text with each old string replaced by the new one, pair by pair.
// Each must occur.
func replaced(t *testing.T, text string, oldNew ...string) string {
	t.Helper()
	for pair := range slices.Chunk(oldNew, 2) {
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("no %q in\n%s", pair[0], text)
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	return text
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeFile(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
