package overview_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	with := func(q overview.Query) overview.Query {
		q.Page = max(q.Page, 1)
		return q
	}
	for _, c := range []struct {
		query string
		want  overview.Query
		err   string
	}{
		{"", overview.Query{}, ""},
		{"q=&project=&vault=&type=&state=&page=&refresh=no", overview.Query{}, ""},
		{"q=+ECS-1+&project=a&vault=v&type=copy", overview.Query{Text: "ECS-1", Project: "a", Vault: "v", Type: "copy"}, ""},
		{"state=failing&state=overdue&state=failing", overview.Query{States: []overview.State{"failing", "overdue"}}, ""},
		{"page=99999999&state=lost&state=no_restore_point&state=unprotected", overview.Query{Page: 99999999, States: []overview.State{"lost", "no_restore_point", "unprotected"}}, ""},
		{"q=" + strings.Repeat("%F0%9F%8C%8D", 255), overview.Query{Text: strings.Repeat("🌍", 255)}, ""},
		{"state=broken", overview.Query{}, `there is no state "broken"; the parameter state is one of overdue, lost, failing, `},
		{"type=bakcup", overview.Query{}, `there is no type of operation "bakcup"; the parameter type is one of backup, replication, `},
		{"page=0", overview.Query{}, `the parameter page is "0", not a number from 1`},
		{"page=1e3", overview.Query{}, `the parameter page is "1e3", not a number from 1`},
		{"page=99999999999999999999", overview.Query{}, "the parameter page is "},
	} {
		t.Run(fmt.Sprintf("%.40s", c.query), func(t *testing.T) {
			t.Parallel()
			v, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			got, err := overview.ParseQuery(v)
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Errorf("got the error %v, want %s", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(with(c.want), got); err != nil || diff != "" {
				t.Errorf("got %v, and the query differs (-want +got):\n%s", err, diff)
			}
		})
	}
}

// FuzzParseQuery checks that a query survives its own parameters, and that any can be
// answered.
func FuzzParseQuery(f *testing.F) {
	for _, query := range []string{"", "q=%00%ff&state=ok", "page=3", "type=copy&vault=%3Cscript%3E", "page=-1", "q=%20", "state=&state=blind"} {
		f.Add(query)
	}
	pages := overview.New(options(source(everyVerdict(f))))
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, err := overview.ParseQuery(v)
		status := http.StatusOK
		if err != nil {
			status = http.StatusBadRequest
		} else if again, err := overview.ParseQuery(q.Values()); err != nil || !cmp.Equal(q, again) {
			t.Errorf("got %+v from %v, %v, want %+v", again, q.Values(), err, q)
		}
		target := "/api/v1/status?" + v.Encode()
		if q.Project != "" && do(t, pages.ServeStatus, target).Code == http.StatusNotFound {
			return
		}
		got := decode[overview.Status](t, pages.ServeStatus, target, status)
		if got.Resources.Selected > got.Resources.All || len(got.Resources.Rows) > got.Resources.Selected {
			t.Errorf("got %+v", got.Resources)
		}
	})
}

// TestFilters selects rows of two projects.
func TestFilters(t *testing.T) {
	t.Parallel()
	other := refused(discovered(state("20", cbrapi.StatusSuccess, hoursAgo(2))), cbrapi.ReasonNetwork)
	other.ResourceStates[0].OperationType = cbrapi.OperationReplication
	projects := []overview.Source{source(called("a", everyVerdict(t))), source(called("b", other))}
	for query, want := range map[string][3]string{ // resources; tasks are none; vaults
		"":                              {"14", "0", "6"},
		"q=ECS-20":                      {"ecs-20", "0", "0"},
		"q=resource-3":                  {"ecs-3", "0", "0"},
		"q=task-7":                      {"ecs-7", "0", "0"}, // id of a task
		"q=6115":                        {" (vault_delete)", "0", "0"},
		"q=does+not+follow":             {"ecs-8", "0", "0"},
		"q=vault-FULL":                  {"ecs-3", "0", "1"},
		"q=B&project=b":                 {"ecs-20", "0", "0"}, // name of the project
		"q=nothing+like+this":           {"0", "0", "0"},
		"project=b":                     {"ecs-20", "0", "0"},
		"vault=vault-2":                 {"ecs-3", "0", "1"},
		"vault=vault-full":              {"ecs-3", "0", "1"},
		"vault=full":                    {"0", "0", "0"},
		"type=copy":                     {"ecs-20", "0", "6"},
		"type=restore&q=ecs-1":          {"ecs-1", "0", "0"},
		"state=overdue":                 {"3", "0", "0"},
		"state=uncovered&state=overdue": {"6", "0", "0"},
		"state=full&state=unavailable":  {"0", "0", "2"},
		"state=unjudged":                {"ecs-10", "0", "0"},
		"state=blind":                   {"ecs-20", "0", "0"}, // all rows of project b
		"state=ok":                      {"0", "0", "2"},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			got := get(t, "?"+query, projects...)
			selected := [3]string{fmt.Sprint(got.Resources.Selected), fmt.Sprint(got.Tasks.Selected), fmt.Sprint(got.Vaults.Selected)}
			if rows := got.Resources.Rows; len(rows) == 1 {
				selected[0] = rows[0].ResourceName
				if rows[0].ResourceID == "" {
					selected[0] = fmt.Sprintf(" (%s)", rows[0].OperationType)
				}
			}
			if selected != want {
				t.Errorf("got %v, want %v:\n%+v", selected, want, got.Resources.Rows)
			}
			if got.Resources.All != 14 || got.Vaults.All != 6 || *got.Tiles[0].Count != 3 || len(got.Projects) != 2 {
				t.Errorf("the query changed what it should not: %d, %d", got.Resources.All, got.Vaults.All)
			}
		})
	}
}

// TestWhatDoesNotExist is answered with an error, rather than with no rows, which a script
// takes for good news.
func TestWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	good := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	pages := overview.New(options(source(called("a", everyVerdict(t))), source(called("b", good))))
	const types = "the parameter type is one of backup, replication, restore, delete, sync, vault_delete, remove_resource, migrate_resources"
	for name, c := range map[string]struct {
		pages *overview.Pages
		query string
		code  int
		err   string
		page  string
	}{
		"project":            {pages, "project=A", 404, `there is no project "A"; the projects are a and b`, "There is no project &#34;A&#34;; the projects are a and b."},
		"no projects at all": {overview.New(options()), "project=a", 404, "no project is configured", "No project is configured."},
		"type":               {pages, "type=bakcup", 400, `there is no type of operation "bakcup"; ` + types, types},
		"type without rows":  {pages, "type=sync", 200, "", "none of 14 matches the filter"},
		"old name of a type": {pages, "type=copy", 200, "", "none of 14 matches the filter"},
		"escape":             {pages, "state=%zz", 400, `the parameters cannot be read: invalid URL escape "%zz"`, "invalid URL escape"},
		"semicolon":          {pages, "state=overdue;project=a", 400, "the parameters cannot be read: invalid semicolon separator in query", "semicolon"},
		"vault":              {pages, "vault=gone", 200, "", "none of 6 matches the filter"}, // it may have been deleted
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := decode[map[string]any](t, c.pages.ServeStatus, "/api/v1/status?"+c.query, c.code)["error"]; got != c.err && (got != nil || c.err != "") {
				t.Errorf("got the error %v, want %s", got, c.err)
			}
			w := do(t, c.pages.ServePage, "/?"+c.query)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.page) {
				t.Errorf("got %d, and the page lacks %s:\n%s", w.Code, c.page, w.Body)
			}
		})
	}
}

// many returns a project with n resources that are in time.
func many(n int) protection.Snapshot {
	var states []ledger.ResourceState
	for i := range n {
		states = append(states, state(fmt.Sprintf("%05d", i), cbrapi.StatusSuccess, hoursAgo(2)))
	}
	return discovered(states...)
}

func TestPages(t *testing.T) {
	t.Parallel()
	project := source(many(401))
	for query, want := range map[string]string{
		"":                    "1 of 3, 200 of 401: ecs-00000 to ecs-00199",
		"?page=2":             "2 of 3, 200 of 401: ecs-00200 to ecs-00399",
		"?page=3":             "3 of 3, 1 of 401: ecs-00400 to ecs-00400",
		"?page=4":             "3 of 3, 1 of 401: ecs-00400 to ecs-00400", // the last one
		"?page=2&q=ecs-001":   "1 of 1, 100 of 100: ecs-00100 to ecs-00199",
		"?page=3&state=stuck": "1 of 1, 0 of 0",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			rows := get(t, query, project).Resources
			got := fmt.Sprintf("%d of %d, %d of %d", rows.Page, rows.Pages, len(rows.Rows), rows.Selected)
			if n := len(rows.Rows); n > 0 {
				got += fmt.Sprintf(": %s to %s", rows.Rows[0].ResourceName, rows.Rows[n-1].ResourceName)
			}
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
