package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// TestCheckConnection checks connections to APIs that work or fail.
func TestCheckConnection(t *testing.T) {
	t.Parallel()
	const works = "project cn-north-4 works: the API accepts the token; "
	const fails = "project cn-north-4 does not work: "
	const inPart = "project cn-north-4 works in part: the API accepts the token; "
	const more = "; if there should be more, check project_id and enterprise_project_id"
	const all = "discovery: {}"
	const vaults = `{"vaults":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911"}]}`
	const policies = `{"policies":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911"},{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912"}]}`
	const everything = "vaults: {}\n    backups: {}\n    protectables: {}"
	const servers = `{"instances":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911"},{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","protectable":{}},` +
		`{"id":"4827f2da-b008-4507-ab7d-42d0df5ed913","protectable":{"vault":{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911"}}}]}`
	type reply struct {
		status int
		body   string
	}
	cases := []struct {
		name   string
		watch  string // what is watched; one task if it is empty
		status int    // 0: the connection is refused
		body   string
		code   int
		says   string
		more   []reply // to the requests after the first
	}{
		{
			"works", "", 200, `{"operation_log":{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","status":"success"}}`,
			0, works + "task 4827f2da-b008-4507-ab7d-42d0df5ed912 is success\n", nil,
		},
		{
			"no such task", "", 404, `{"error_code":"BackupService.6500","error_msg":"Operation log does not exist."}`,
			0, works + "there is no task 4827f2da-b008-4507-ab7d-42d0df5ed912, so check task_ids\n", nil,
		},
		{
			"refused", "", 401, `{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}`,
			1, fails + "ShowOpLog: HTTP status 401: APIGW.0301: decrypt token fail; renew credentials.token: a token is for one project and lives for 24 hours\n", nil,
		},
		{
			"no permission", "", 403, `{"error_code":"CBR.0403","error_msg":"Policy doesn't allow cbr:tasks:get"}`,
			1, fails + "ShowOpLog: HTTP status 403: CBR.0403: Policy doesn't allow cbr:tasks:get; allow cbr:tasks:list and cbr:tasks:get,", nil,
		},
		{
			"wrong host", "", 404, `{"error_code":"APIGW.0101","error_msg":"The API does not exist"}`,
			1, fails + "ShowOpLog: HTTP status 404: APIGW.0101: The API does not exist; check endpoint and project_id\n", nil,
		},
		{
			"list", all, 200,
			`{"count":2,"operation_logs":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911","created_at":"2026-11-20T02:00:00Z"},` +
				`{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","created_at":"2026-11-20T03:00:00Z"}]}`,
			0, works + "tasks on the first page: 2 as of DATE, the latest from 2026-11-20T03:00:00Z\n", nil,
		},
		{
			"empty list", all, 200, `{"count":0,"operation_logs":[]}`,
			0, works + "tasks on the first page: 0 as of DATE" + more + "\n", nil,
		},
		{
			"page too large", all, 200, `{"operation_logs":[` + strings.Repeat(" ", 16<<20),
			0, works + "tasks on the first page: 3 as of DATE\n",
			[]reply{{200, rowsOf("operation_logs", 3)}},
		},
		{
			"another list", all, 200, `{"operation_logs":[{"a":1},{"a":2},{"a":3},{"a":4}]}`,
			1, fails + "ListOpLogs: HTTP status 200: no row of operation_logs can be read: id is null in row 1; if it lasts, check endpoint and project_id, or report it\n", nil,
		},
		{
			"list refused", all, 403, `{"error_msg":"Policy doesn't allow cbr:tasks:list"}`,
			1, fails + "ListOpLogs: HTTP status 403: Policy doesn't allow cbr:tasks:list; allow cbr:tasks:list", nil,
		},
		{
			"vaults", "vaults: {}", 200, vaults,
			0, works + "vaults on the first page: 1; policies: 2\n",
			[]reply{{200, policies}},
		},
		{
			"no vault", "vaults: {}", 200, `{"vaults":[]}`,
			0, works + "vaults on the first page: 0; policies: 2" + more + "\n",
			[]reply{{200, policies}},
		},
		{
			"a vault beside a row without id", "vaults: {}", 200, `{"vaults":[{"id":"b"},` + strings.TrimPrefix(vaults, `{"vaults":[`),
			0, works + "vaults on the first page: 1; policies: 2\n",
			[]reply{{200, policies}},
		},
		{
			"vaults refused", "vaults: {}", 403, `{"error_msg":"Policy doesn't allow cbr:vaults:list"}`,
			1, fails + "ListVault: HTTP status 403: Policy doesn't allow cbr:vaults:list; allow cbr:vaults:list and cbr:policies:list", nil,
		},
		{
			"policies refused", "vaults: {}", 200, vaults,
			1, inPart + "vaults on the first page: 1; but ListPolicies: HTTP status 403: Policy doesn't allow cbr:policies:list; allow cbr:vaults:list and cbr:policies:list",
			[]reply{{403, `{"error_msg":"Policy doesn't allow cbr:policies:list"}`}},
		},
		{
			"vaults besides the list", all + "\n    vaults: {}", 200, `{"count":0,"operation_logs":[]}`,
			0, works + "tasks on the first page: 0 as of DATE; vaults on the first page: 1; policies: 2" + more + "\n",
			[]reply{{200, vaults}, {200, policies}},
		},
		{
			"a policy that is too rare", all + "\n    vaults: {}", 200, `{"count":0,"operation_logs":[]}`,
			0, "; policies: 1; policies that run too rarely to be judged at all times by the tasks that are known: quarterly" + more + "\n",
			[]reply{{200, vaults}, {200, `{"policies":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911","name":"quarterly","enabled":true,"operation_type":"backup",` +
				`"associated_vaults":[{"vault_id":"4827f2da-b008-4507-ab7d-42d0df5ed911"}],"trigger":{"properties":{"start_time":"2025-01-08 09:59:49","pattern":["FREQ=DAILY;INTERVAL=90;BYHOUR=2;BYMINUTE=00"]}}}]}`}},
		},
		{
			"vaults refused besides the list", all + "\n    vaults: {}", 200, `{"count":0,"operation_logs":[]}`,
			1, inPart + "tasks on the first page: 0 as of DATE; but ListVault: HTTP status 403: Policy doesn't allow cbr:vaults:list; allow cbr:vaults:list and cbr:policies:list",
			[]reply{{403, `{"error_msg":"Policy doesn't allow cbr:vaults:list"}`}},
		},
		{
			"the list refused besides vaults", all + "\n    vaults: {}", 401, `{}`,
			1, fails + "ListOpLogs: HTTP status 401: {}; renew credentials.token", nil,
		},
		{
			"backups and protectables", everything, 200, vaults,
			0, works + "vaults on the first page: 1; policies: 2; backups on the first page: 2; resources of type server on the first page: 3\n",
			[]reply{{200, policies}, {200, rowsOf("backups", 2)}, {200, servers}},
		},
		{
			"no backup", everything, 200, vaults,
			0, "; backups on the first page: 0; resources of type server on the first page: 0" + more + "\n",
			[]reply{{200, policies}, {200, `{"backups":[]}`}, {200, `{"instances":[]}`}},
		},
		{
			"another type", "vaults: {}\n    protectables: {types: [turbo, server]}", 200, vaults,
			0, "; policies: 2; resources of type turbo on the first page: 3\n",
			[]reply{{200, policies}, {200, servers}},
		},
		{
			"backups refused", everything, 200, vaults,
			1, inPart + "vaults on the first page: 1; policies: 2; but ListBackups: HTTP status 403: Policy doesn't allow cbr:backups:list; " +
				"allow cbr:backups:list, for example with the system policy CBR ReadOnlyAccess, or remove backups from the project;",
			[]reply{{200, policies}, {403, `{"error_msg":"Policy doesn't allow cbr:backups:list"}`}},
		},
		{
			"protectables refused", everything, 200, vaults,
			1, "; backups on the first page: 2; but ListProtectable: HTTP status 403: Policy doesn't allow cbr:protectables:list; " +
				"allow cbr:protectables:list (also called cbr:vaults:listProtectables), ecs:cloudServers:list and evs:volumes:list, for example with the system policy CBR ReadOnlyAccess, or remove protectables from the project;",
			[]reply{{200, policies}, {200, rowsOf("backups", 2)}, {403, `{"error_msg":"Policy doesn't allow cbr:protectables:list"}`}},
		},
		{"connection refused", "", 0, "", 1, "connection refused; check endpoint, and the way to the service: DNS, proxy, firewall, certificates\n", nil},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && len(test.body) > 16<<20 {
				t.Skip("a large response")
			}
			requests := 0
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				answer := append([]reply{{test.status, test.body}}, test.more...)[requests]
				requests++
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			}))
			defer api.Close()
			want := 1 + len(test.more)
			if test.status == 0 {
				api.Close()
				want = 0
			}
			config := oneTask(api.URL)
			if test.watch != "" {
				before, _, _ := strings.Cut(config, "task_ids:")
				config = before + test.watch + "\n"
			}
			code, stdout, stderr := runProgram("--config.check-connection", "--config.file="+write(t, "config.yml", config))
			date := regexp.MustCompile(`as of [0-9TZ:-]+`)
			stdout, stderr = date.ReplaceAllString(stdout, "as of DATE"), date.ReplaceAllString(stderr, "as of DATE")
			if code != test.code || requests != want {
				t.Errorf("got exit code %d after %d requests, want %d after %d", code, requests, test.code, want)
			}
			said := stdout
			if test.code != 0 {
				said = stderr
			}
			if !strings.Contains(said, test.says) {
				t.Errorf("got %q, want %q in it", said, test.says)
			}
			contains(t, "stdout", stdout, "config.yml is valid.\n")
			if strings.Contains(stdout+stderr, "a-token") {
				t.Errorf("the token is shown:\n%s%s", stdout, stderr)
			}
		})
	}
}

// TestCheckConnectionLate checks what is said if the time ends: Prometheus has no part in that.
func TestCheckConnectionLate(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and sends nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, rowsOf("vaults", 1))
	}))
	defer api.Close()
	const noResponse = "no response within scrape.timeout (200ms); check "
	for name, test := range map[string]struct{ config, want string }{
		"a silent API": {
			"scrape: {timeout: 200ms}" + oneTask("http://"+silent.Addr().String()),
			"does not work: ShowOpLog: " + noResponse + "endpoint, DNS, the firewall and the proxy, or raise scrape.timeout\n",
		},
		"a silent IAM": {
			"scrape: {timeout: 200ms}" + strings.Replace(oneTask(api.URL), "project_id: 04f1829c788037ac2fb8c01eb2b04b95", "iam_endpoint: http://"+silent.Addr().String(), 1),
			noResponse + "iam_endpoint, DNS, the firewall and the proxy, or raise scrape.timeout\n",
		},
		"a silent IAM of a user": {
			"scrape: {timeout: 200ms}" + strings.Replace(oneTask(api.URL), "credentials: {token: a-token}",
				"iam_endpoint: http://"+silent.Addr().String()+"\n    credentials: {username: u, password: p, domain_name: d}", 1),
			"does not work: ShowOpLog: login failed at " + silent.Addr().String() + ": " + noResponse + "iam_endpoint, DNS, the firewall and the proxy, or raise scrape.timeout\n",
		},
		"a low rate": {
			"scrape: {timeout: 1s, requests_per_second: 0.5}" + strings.Replace(oneTask(api.URL), "task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]", "vaults: {}", 1),
			", after the deadline: context deadline exceeded; raise scrape.requests_per_second or scrape.timeout\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := runProgram("--config.check-connection", "--config.file="+write(t, "config.yml", test.config))
			contains(t, "stderr", stderr, test.want)
			if code != 1 {
				t.Errorf("got exit code %d", code)
			}
		})
	}
}

// rowsOf returns a page of a list with so many rows.
func rowsOf(list string, rows int) string {
	all := make([]string, rows)
	for n := range all {
		all[n] = fmt.Sprintf(`{"id":"4827f2da-b008-4507-ab7d-%012d"}`, n)
	}
	return fmt.Sprintf(`{%q:[%s]}`, list, strings.Join(all, ","))
}
