package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func TestListingOrder(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(50)
	latest := recordIDs(cloud.Tasks())
	order := func(l simulator.Listing) []string {
		cloud.SetListing(l)
		return idsOf(slices.Concat(pages(t, cloud, 7, "")...)...)
	}

	if got := order(simulator.Listing{}); !slices.Equal(got, latest) {
		t.Errorf("latest first: got %v, want %v", got, latest)
	}
	oldest := slices.Clone(latest)
	slices.Reverse(oldest)
	if got := order(simulator.Listing{Order: simulator.OldestFirst}); !slices.Equal(got, oldest) {
		t.Errorf("oldest first: got %v, want %v", got, oldest)
	}

	shuffled := order(simulator.Listing{Order: simulator.Shuffled})
	if slices.Equal(shuffled, latest) || slices.Equal(shuffled, oldest) {
		t.Error("shuffled, but in order")
	}
	if got := slices.Sorted(slices.Values(shuffled)); !slices.Equal(got, slices.Sorted(slices.Values(latest))) {
		t.Errorf("shuffled: got the tasks %v, want %v", got, latest)
	}
}

// Clients that read until a page is empty get everything, whatever the pages are.
func TestListingPages(t *testing.T) {
	t.Parallel()
	const tasks, limit = 100, 10
	for name, test := range map[string]struct {
		listing simulator.Listing
		check   func(t *testing.T, pages [][]task)
	}{
		"as requested": {simulator.Listing{}, func(t *testing.T, pages [][]task) {
			if len(pages) != 10 {
				t.Errorf("got %d pages, want 10", len(pages))
			}
		}},
		"MaxLimit": {simulator.Listing{MaxLimit: 3}, func(t *testing.T, pages [][]task) {
			if len(pages) != 34 || len(pages[0]) != 3 {
				t.Errorf("got %d pages, %d rows in the first; want 34 and 3", len(pages), len(pages[0]))
			}
		}},
		"MaxLimit, not reached": {simulator.Listing{MaxLimit: 30}, func(t *testing.T, pages [][]task) {
			if len(pages) != 10 {
				t.Errorf("got %d pages, want 10", len(pages))
			}
		}},
		"ShortPages": {simulator.Listing{ShortPages: true}, func(t *testing.T, pages [][]task) {
			short := 0
			for _, p := range pages {
				if len(p) < limit {
					short++
				}
			}
			if len(pages[0]) == limit || short < 3 || short == len(pages) {
				t.Errorf("%d rows in the first page, %d of %d pages are short; want the first and some more", len(pages[0]), short, len(pages))
			}
		}},
		"Repeat": {simulator.Listing{Repeat: 2}, func(t *testing.T, pages [][]task) {
			for i, p := range pages[1:] {
				before := idsOf(pages[i]...)
				if got, want := idsOf(p[:min(2, len(p))]...), before[len(before)-2:]; len(p) == limit && !slices.Equal(got, want) {
					t.Errorf("page %d begins with %v, want %v", i+1, got, want)
				}
			}
			if len(pages) < 12 {
				t.Errorf("got %d pages, want 12 or more", len(pages))
			}
		}},
		"all at once": {simulator.Listing{
			Order: simulator.Shuffled, MaxLimit: 7, ShortPages: true, Repeat: 1, WrongCount: true,
		}, func(*testing.T, [][]task) {}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, _ := scriptedCloud(tasks)
			cloud.SetListing(test.listing)
			all := pages(t, cloud, limit, "")
			ids := slices.Sorted(slices.Values(idsOf(slices.Concat(all...)...)))
			if got, want := slices.Compact(ids), slices.Sorted(slices.Values(recordIDs(cloud.Tasks()))); !slices.Equal(got, want) {
				t.Errorf("got %d tasks, want these %d", len(got), len(want))
			}
			test.check(t, all)
		})
	}
}

// listed returns the ids of a page of vaults, backups or protectable resources, and its
// count: -1 if there is none.
func listed(t *testing.T, h http.Handler, path string) (ids []string, count int) {
	t.Helper()
	type rows []struct{ ID string }
	var page struct {
		Vaults, Backups, Instances rows
		Count                      *int
	}
	r := get(h, path, fixedToken)
	err := json.Unmarshal([]byte(r.body), &page)
	if err != nil || r.status != http.StatusOK || page.Vaults == nil && page.Backups == nil && page.Instances == nil {
		t.Fatalf("%s: got %d %.200s, error %v", path, r.status, r.body, err)
	}
	for _, row := range slices.Concat(page.Vaults, page.Backups, page.Instances) {
		ids = append(ids, row.ID)
	}
	if page.Count == nil {
		return ids, -1
	}
	return ids, *page.Count
}

// TestPages requests pages of 1,200 vaults, backups and protectable resources.
func TestPages(t *testing.T) {
	t.Parallel()
	cloud, clock := scriptedCloud(0)
	var vaults []simulator.Vault
	var backups []simulator.Backup
	var protectables []simulator.Protectable
	for n := range 1200 {
		id := fmt.Sprint(n)
		vaults = append(vaults, simulator.Vault{ID: id})
		backups = append(backups, simulator.Backup{ID: id, Created: clock.Now().Add(-time.Duration(n) * time.Minute)})
		protectables = append(protectables, simulator.Protectable{ID: id, Type: "OS::Nova::Server"})
	}
	cloud.SetVaults(vaults...)
	cloud.SetBackups(backups...)
	cloud.SetProtectables(protectables...)
	for _, list := range []struct {
		path string
		most int // rows of a page
	}{{vaultsPath, 1000}, {backupsPath, 1000}, {protectablesPath("server"), 50}} {
		for name, test := range map[string]struct {
			listing     simulator.Listing
			query       string
			first, rows int
			count       int
		}{
			"default":        {simulator.Listing{}, "", 0, list.most, 1200},
			"last":           {simulator.Listing{}, fmt.Sprintf("limit=%d&offset=1180", list.most), 1180, 20, 1200},
			"in between":     {simulator.Listing{}, "limit=10&offset=5", 5, 10, 1200},
			"beyond the end": {simulator.Listing{}, "offset=1200", 0, 0, 1200},
			"capped":         {simulator.Listing{MaxLimit: 20}, "limit=50&offset=100", 100, 20, 1200},
			"offset ignored": {simulator.Listing{IgnoreOffset: true}, "limit=10&offset=100", 0, 10, 1200},
			"repeated":       {simulator.Listing{Repeat: 2}, "limit=10&offset=10", 8, 10, 1200},
			"no count":       {simulator.Listing{NoCount: true}, "limit=10", 0, 10, -1},
			"wrong count":    {simulator.Listing{WrongCount: true}, "limit=10", 0, 10, 10},
			"high count":     {simulator.Listing{OverCount: 3}, "limit=10", 0, 10, 1203},
		} {
			cloud.SetListing(test.listing)
			ids, count := listed(t, cloud, list.path+"?"+test.query)
			if len(ids) != test.rows || count != test.count || len(ids) > 0 && ids[0] != fmt.Sprint(test.first) {
				t.Errorf("%s, %s: got %d rows, count %d, from %.20v", list.path, name, len(ids), count, ids)
			}
		}
		cloud.SetListing(simulator.Listing{ShortPages: true})
		if ids, _ := listed(t, cloud, list.path+"?limit=50"); len(ids) == 0 || len(ids) >= 50 {
			t.Errorf("%s: a short page has %d rows", list.path, len(ids))
		}
		for _, query := range []string{"limit=0", fmt.Sprint("limit=", list.most+1), "limit=x", "offset=-1", "offset=x"} {
			got := get(cloud, list.path+"?"+query, fixedToken)
			if got.status != 400 || decode(t, got.body)["error_code"] != "BackupService.9900" {
				t.Errorf("%s, %s: got %d %s, want 400 BackupService.9900", list.path, query, got.status, got.body)
			}
		}
	}
}

func TestListingShortPageOfTwo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		cloud := simulator.New(simulator.Options{Now: someDay, Seed: seed, Tokens: []string{fixedToken}, Empty: true})
		cloud.Add(simulator.Task{}, simulator.Task{})
		cloud.SetListing(simulator.Listing{ShortPages: true})
		if got := pages(t, cloud, 1000, ""); len(got) != 2 {
			t.Errorf("seed %d: got %d pages, want 2", seed, len(got))
		}
	}
}

func TestListingIgnores(t *testing.T) {
	t.Parallel()
	cloud, clock := scriptedCloud(20)
	now := clock.Now().Format(time.RFC3339)
	for name, test := range map[string]struct {
		listing simulator.Listing
		query   string
		rows    int
		count   int // -1: none
	}{
		"a filter":                       {simulator.Listing{}, "status=failed", 0, 0},
		"IgnoreFilters":                  {simulator.Listing{IgnoreFilters: true}, "status=failed&vault_id=x", 20, 20},
		"IgnoreFilters, not the times":   {simulator.Listing{IgnoreFilters: true}, "status=failed&start_time=" + now, 1, 1},
		"NoTime":                         {simulator.Listing{TimeOf: simulator.NoTime}, "start_time=" + now, 20, 20},
		"NoTime, filtered":               {simulator.Listing{TimeOf: simulator.NoTime}, "status=running&start_time=" + now, 1, 1},
		"an offset":                      {simulator.Listing{}, "limit=15&offset=15", 5, 20},
		"IgnoreOffset":                   {simulator.Listing{IgnoreOffset: true}, "limit=15&offset=15", 15, 20},
		"IgnoreOffset, far":              {simulator.Listing{IgnoreOffset: true}, "limit=15&offset=1000", 15, 20},
		"NoCount":                        {simulator.Listing{NoCount: true}, "limit=15", 15, -1},
		"WrongCount":                     {simulator.Listing{WrongCount: true}, "limit=15", 15, 15},
		"NoCount rather than WrongCount": {simulator.Listing{NoCount: true, WrongCount: true}, "limit=15", 15, -1},
	} {
		t.Run(name, func(t *testing.T) {
			cloud.SetListing(test.listing)
			got := list(t, cloud, test.query)
			count := -1
			if got.Count != nil {
				count = *got.Count
			}
			if len(got.Logs) != test.rows || count != test.count {
				t.Errorf("got %d rows, count %d; want %d, %d", len(got.Logs), count, test.rows, test.count)
			}
			if tasks := got.tasks(t); test.listing.IgnoreOffset && tasks[0].ID != cloud.Tasks()[0].ID {
				t.Error("not the first page")
			}
		})
	}
}

func TestListingLag(t *testing.T) {
	t.Parallel()
	cloud, clock := scriptedCloud(0)
	created := clock.Now()
	cloud.Add(simulator.Task{
		OperationType: "backup", Created: created,
		Started: created.Add(10 * time.Minute), Ended: created.Add(20 * time.Minute),
	})
	id := cloud.Tasks()[0].ID
	cloud.SetListing(simulator.Listing{Lag: 5 * time.Minute})
	for _, step := range []struct {
		minute        time.Duration
		listed, shown string
		filter        string
	}{
		{0, "", "waiting", ""},
		{4, "", "waiting", "status=waiting"},
		{5, "waiting", "waiting", ""},
		{11, "waiting", "running", ""},
		{12, "waiting", "running", "status=waiting"},
		{13, "", "running", "status=running"},
		{15, "running", "running", ""},
		{21, "running", "success", ""},
		{25, "success", "success", ""},
	} {
		clock.set(created.Add(step.minute * time.Minute))
		status := ""
		for _, got := range list(t, cloud, step.filter).tasks(t) {
			status = got.Status
			checkTask(t, got, clock.Now().Add(-5*time.Minute))
		}
		if status != step.listed {
			t.Errorf("minute %d: listed as %q, want %q", step.minute, status, step.listed)
		}
		if got := showTask(t, cloud, id).Status; got != step.shown {
			t.Errorf("minute %d: shown as %q, want %q", step.minute, got, step.shown)
		}
		if got := cloud.Tasks()[0].Status; got != step.shown {
			t.Errorf("minute %d: the truth is %q, want %q", step.minute, got, step.shown)
		}
	}
}

func TestListingTimeOf(t *testing.T) {
	t.Parallel()
	cloud, clock := scriptedCloud(0)
	noon := clock.Now().Truncate(time.Hour)
	at := func(minute time.Duration) time.Time { return noon.Add(minute * time.Minute) }
	clock.set(at(60))
	add := func(id string, created, started, ended time.Time, outcome string) {
		cloud.Add(simulator.Task{ID: id, OperationType: "backup", Created: created, Started: started, Ended: ended, Outcome: outcome})
	}
	const (
		early   = "00000000-0000-4000-8000-000000000001" // created and started at 0
		late    = "00000000-0000-4000-8000-000000000002" // created at 0, started at 30
		skipped = "00000000-0000-4000-8000-000000000003" // created at 0, never started
		waiting = "00000000-0000-4000-8000-000000000004" // created at 50
	)
	add(early, at(0), at(0), at(40), "failed")
	add(late, at(0), at(30), at(40), "failed")
	add(skipped, at(0), time.Time{}, at(5), "skipped")
	add(waiting, at(50), at(70), at(80), "success")

	for name, test := range map[string]struct {
		of       simulator.TimeOf
		from, to time.Time
		want     []string
	}{
		"created":                  {simulator.CreatedAt, at(20), at(60), []string{waiting}},
		"created, inclusive":       {simulator.CreatedAt, at(0), at(0), []string{early, late, skipped}},
		"started":                  {simulator.StartedAt, at(20), at(60), []string{late}},
		"started, inclusive":       {simulator.StartedAt, at(30), at(30), []string{late}},
		"started, open":            {simulator.StartedAt, at(0), time.Time{}, []string{early, late}},
		"started, open before":     {simulator.StartedAt, time.Time{}, at(10), []string{early}},
		"started, no bounds":       {simulator.StartedAt, time.Time{}, time.Time{}, []string{early, late, skipped, waiting}},
		"started or none":          {simulator.StartedAtOrNone, at(20), at(60), []string{late, skipped, waiting}},
		"started or none, nothing": {simulator.StartedAtOrNone, at(45), at(60), []string{skipped, waiting}},
		"none":                     {simulator.NoTime, at(45), at(46), []string{early, late, skipped, waiting}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud.SetListing(simulator.Listing{TimeOf: test.of})
			query := ""
			if !test.from.IsZero() {
				query += "&start_time=" + test.from.Format(time.RFC3339)
			}
			if !test.to.IsZero() {
				query += "&end_time=" + test.to.Format(time.RFC3339)
			}
			got := slices.Sorted(slices.Values(idsOf(list(t, cloud, query).tasks(t)...)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the ids differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListingEnterpriseProject(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(1)
	cloud.SetListing(simulator.Listing{EnterpriseProject: "ep-1"})
	for query, want := range map[string]int{
		"":                                      403,
		"enterprise_project_id=":                403,
		"enterprise_project_id=ep-2":            403,
		"limit=0":                               403, // before anything else
		"enterprise_project_id=ep-1":            200,
		"enterprise_project_id=all_granted_eps": 200,
	} {
		got := get(cloud, listPath+"?"+query, fixedToken)
		if got.status != want || want == 403 && !strings.Contains(got.body, `"PAP5.0001","error_msg":"Policy doesn't allow cbr:tasks:list to be performed."`) {
			t.Errorf("%q: got %d %s, want %d", query, got.status, got.body, want)
		}
	}
	if got := show(cloud, cloud.Tasks()[0].ID).status; got != 200 {
		t.Errorf("single: got %d", got)
	}
}
