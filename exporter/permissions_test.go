package exporter_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// grantingCloud allows some actions only. What an action allows is from
// https://support.huaweicloud.com/intl/en-us/api-cbr/cbr_04_0018.html.
type grantingCloud struct {
	http.Handler
	granted []string

	mu   sync.Mutex
	used map[string]bool
}

func (c *grantingCloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, action := range neededActions(r) {
		c.used[action] = true
		if !slices.Contains(c.granted, action) { // unlike the real API, it does not name the action
			answer(http.StatusForbidden, `{"error_code":"PAP5.0001","error_msg":"Policy doesn't allow it to be performed."}`)(w, r)
			return
		}
	}
	c.Handler.ServeHTTP(w, r)
}

func neededActions(r *http.Request) []string {
	for _, api := range []struct {
		request string
		actions []string
	}{
		{`GET /v3/[^/]+/operation-logs`, []string{"cbr:tasks:list"}},
		{`GET /v3/[^/]+/operation-logs/[^/]+`, []string{"cbr:tasks:get"}},
		{`GET /v3/[^/]+/vaults`, []string{"cbr:vaults:list"}},
		{`GET /v3/[^/]+/policies`, []string{"cbr:policies:list"}},
		{`GET /v3/[^/]+/backups`, []string{"cbr:backups:list"}},
		{`GET /v3/[^/]+/protectables/[^/]+/instances`, []string{"cbr:vaults:listProtectables", "ecs:cloudServers:list", "evs:volumes:list"}},
		{`GET /v3/projects`, []string{"iam:projects:listProjects"}},
		{`GET /v3/auth/projects`, nil},
	} {
		if regexp.MustCompile("^" + api.request + "$").MatchString(r.Method + " " + r.URL.Path) {
			return api.actions
		}
	}
	return []string{"unknown: " + r.Method + " " + r.URL.Path}
}

// permissionsOf returns the documented permissions by what is configured, and all actions
// of the documented policies.
func permissionsOf(t *testing.T) (rows map[string][]string, policies []string) {
	t.Helper()
	content, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(content), "\n## Permissions\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows = map[string][]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) +\| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		needed, _, _ := strings.Cut(row[2], ";") // what follows is optional
		for _, action := range regexp.MustCompile("`(\\w+:\\w+:\\w+)`").FindAllStringSubmatch(needed, -1) {
			rows[row[1]] = append(rows[row[1]], action[1])
		}
	}
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(section, -1) {
		var policy struct {
			Version   string
			Statement []struct {
				Effect string
				Action []string
			}
		}
		if err := json.Unmarshal([]byte(block[1]), &policy); err != nil {
			t.Fatal(err)
		}
		if policy.Version != "1.1" || len(policy.Statement) != 1 || policy.Statement[0].Effect != "Allow" {
			t.Errorf("got the policy %+v", policy)
		}
		policies = append(policies, policy.Statement[0].Action...)
	}
	return rows, policies
}

// TestPermissions grants what the documentation names for a configuration, and nothing else.
// Without one of the actions, the log names it.
func TestPermissions(t *testing.T) {
	rows, policies := permissionsOf(t)
	var all []string
	for _, actions := range rows {
		all = append(all, actions...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if sorted := slices.Sorted(slices.Values(policies)); !slices.Equal(sorted, all) {
		t.Errorf("the policies have %q, the table %q", sorted, all)
	}

	for name, c := range map[string]struct {
		configured string
		rows       []string
		// unneeded are actions of the rows without which these few tasks can be read.
		unneeded []string
	}{
		"discovery":    {"discovery: {}", []string{"`discovery`"}, []string{"cbr:tasks:get"}},
		"task ids":     {"task_ids: [" + simulator.SampleTaskID + "]", []string{"`task_ids` alone"}, nil},
		"vaults":       {"vaults: {}", []string{"`vaults`"}, nil},
		"backups":      {"vaults: {}\n    backups: {}", []string{"`vaults`", "`backups`"}, nil},
		"protectables": {"vaults: {}\n    protectables: {types: [server, disk, turbo]}", []string{"`vaults`", "`protectables`"}, nil},
		"all": {
			"discovery: {}\n    task_ids: [" + simulator.SampleTaskID + "]\n    vaults: {}\n    backups: {}\n    protectables: {}",
			[]string{"`discovery`", "`vaults`", "`backups`", "`protectables`"},
			nil,
		},
	} {
		var granted []string
		for _, row := range c.rows {
			if rows[row] == nil {
				t.Fatalf("the table has no row %s", row)
			}
			granted = append(granted, rows[row]...)
		}
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				page, log, used := scrapeGranted(t, c.configured, granted)
				if !strings.Contains(page, `cbr_scrape_collector_success{`) || regexp.MustCompile(`(?m)^(cbr_scrape_collector_success|cbr_up)\{.*\} 0$`).MatchString(page) {
					t.Errorf("something fails; the log is\n%s", log)
				}
				for _, action := range granted {
					if !used[action] && !slices.Contains(c.unneeded, action) {
						t.Errorf("%s is not needed", action)
					}
				}
			})
		})
		for _, missing := range granted {
			if slices.Contains(c.unneeded, missing) {
				continue
			}
			t.Run(name+" without "+missing, func(t *testing.T) {
				atNoon(t, func(t *testing.T) {
					others := slices.DeleteFunc(slices.Clone(granted), func(action string) bool { return action == missing })
					page, log, _ := scrapeGranted(t, c.configured, others)
					expectLines(t, "scrape", page, `cbr_scrape_error{project="test",reason="permission"} 1`)
					if !regexp.MustCompile(`hint="allow [^"]*\b` + missing + `\b`).MatchString(log) {
						t.Errorf("the log does not name the permission:\n%s", log)
					}
				})
			})
		}
	}
}

// scrapeGranted returns a page, the log and the actions that were used, once all is read.
func scrapeGranted(t *testing.T, configured string, granted []string) (page, log string, used map[string]bool) {
	t.Helper()
	cloud, _ := newCloud(simulator.Options{Now: time.Now})
	cloud.SetVaults(vault("1", "vault-db"))
	g := &grantingCloud{Handler: cloud, granted: granted, used: map[string]bool{}}
	e := start(t, hosts{"cbr.test": g}, followed+"    "+configured+"\n")
	for range 2 {
		e.Refresh(t.Context())
		synctest.Wait()
	}
	page = e.scrape(t)
	g.mu.Lock()
	defer g.mu.Unlock()
	return page, e.log.String(), g.used
}

// TestPermissionToFindProject looks up the project with and without the permission.
func TestPermissionToFindProject(t *testing.T) {
	rows, _ := permissionsOf(t)
	for name, granted := range map[string][]string{
		"granted": append(rows["no `project_id`, access key"], "cbr:tasks:list"),
		"not":     {"cbr:tasks:list"},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud, _ := newCloud(simulator.Options{Now: time.Now})
				g := &grantingCloud{Handler: cloud, granted: granted, used: map[string]bool{}}
				e := start(t, hosts{"cbr.cn-north-4.myhuaweicloud.com": g, "iam.cn-north-4.myhuaweicloud.com": g},
					"projects: [{name: test, region: cn-north-4, discovery: {}, credentials: "+someKey+"}]\n")
				e.Refresh(t.Context())
				expectLines(t, "scrape", e.scrape(t), `cbr_up{project="test"} 1`)
				if !g.used["iam:projects:listProjects"] {
					t.Error("the project was not looked up")
				}
			})
		})
	}
}
