//go:build e2e

package e2e

import (
	"bytes"
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
)

const (
	alertmanagerFile = "../../deploy/alertmanager.yml"
	templateFile     = "../../deploy/alertmanager.tmpl"
	prometheusFile   = "../../deploy/compose/prometheus.yml"
)

// startAlertmanager starts an Alertmanager with the configuration, beside which are the
// shipped texts, and returns the file that it is in.
func startAlertmanager(t *testing.T, address, config string) (file string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "alertmanager.yml")
	writeFile(t, file, config)
	writeFile(t, filepath.Join(dir, "alertmanager.tmpl"), readFile(t, templateFile))
	start(t, alertmanagerBinary, "--config.file="+file, "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=", "--log.level=warn")
	eventually(t, 30*time.Second, func() error {
		_, err := get(t, "http://"+address+"/-/ready")
		return err
	})
	return file
}

// postAlerts has alerts with these labels fire for an hour.
func postAlerts(t *testing.T, address string, alerts ...map[string]string) {
	t.Helper()
	type posted struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		EndsAt      time.Time         `json:"endsAt"`
	}
	var body []posted
	for _, labels := range alerts {
		about := map[string]string{"summary": labels["alertname"] + " of " + labels["resource_id"]}
		body = append(body, posted{labels, about, time.Now().Add(time.Hour)})
	}
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	post(t, "http://"+address+"/api/v2/alerts", content)
}

func post(t *testing.T, url string, content []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
}

// inbox is where the messages of an Alertmanager arrive.
type inbox struct {
	*httptest.Server
	mu       sync.Mutex
	messages []notice
}

// notice is a message that has arrived.
type notice struct {
	line string // where, what, and of which resources
	text string // all of it, where a person reads it
}

// openInbox takes what is sent to a channel at /chat, and to a pager at /page.
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
		told := chat.Attachments[0]
		var summaries []string
		for _, s := range regexp.MustCompile(`(?m)^(?:\*(.+)\*|Over: (.+))$`).FindAllStringSubmatch(told.Text, -1) {
			summaries = append(summaries, s[1]+s[2])
		}
		line := chat.Channel + " " + told.Title
		if len(summaries) > 1 {
			line += " [" + strings.Join(summaries, " ") + "]"
		}
		in.add(notice{regexp.MustCompile(`(\d+[dhm] )*[\d.]+s\b`).ReplaceAllString(line, "TIME"), told.Text})
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
			line += fmt.Sprintf(" %s{vault %s, resource %s}", a.Labels["alertname"],
				strings.TrimPrefix(a.Labels["vault_id"], vaultPrefix), strings.TrimPrefix(a.Labels["resource_id"], resourcePrefix))
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
	in.messages = append(in.messages, m)
}

// lines returns all messages so far, in the order of the alphabet.
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

// text returns the text of the first message with the line.
func (in *inbox) text(line string) string {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, m := range in.messages {
		if m.line == line {
			return m.text
		}
	}
	return ""
}

// hastened returns a configuration or rules in which a minute is a second, so that a
// story that takes hours takes minutes. It knows durations by what is before them.
func hastened(text string) string {
	duration := regexp.MustCompile(`(\[|:|: |offset )(\d+)([mhdw])\b`)
	return duration.ReplaceAllStringFunc(text, func(found string) string {
		parts := duration.FindStringSubmatch(found)
		n, err := strconv.Atoi(parts[2])
		if err != nil {
			panic(err) // it is some digits
		}
		minutes := n * map[string]int{"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}[parts[3]]
		return parts[1] + strconv.Itoa(minutes) + "s"
	})
}

// replaced returns the text with each of the old replaced by the new, pair by pair. All
// of the old have to be there.
func replaced(t *testing.T, text string, oldNew ...string) string {
	t.Helper()
	for pair := range slices.Chunk(oldNew, 2) {
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("nothing is %q in\n%s", pair[0], text)
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
