package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// TestCheckConnection asks an API that is well, or not.
func TestCheckConnection(t *testing.T) {
	const works = "project cn-north-4 works: the API accepts the token, "
	const agrees = "; this machine's clock agrees with the API's\n"
	const fails = "project cn-north-4 does not work: "
	const inPart = "project cn-north-4 works in part: the API accepts the token, "
	const all = "discovery: {}"
	const vaults = `{"vaults":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911"}]}`
	const policies = `{"policies":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911"},{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912"}]}`
	type reply struct {
		status int
		body   string
	}
	cases := []struct {
		name   string
		watch  string // what is watched; one task if it is empty
		status int    // 0: nobody listens
		body   string
		code   int
		says   string
		more   []reply // to the requests after the first
	}{
		{
			"works", "", 200, `{"operation_log":{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","status":"success"}}`,
			0, works + "and says that task 4827f2da-b008-4507-ab7d-42d0df5ed912 is success" + agrees, nil,
		},
		{
			"no such task", "", 404, `{"error_code":"BackupService.6500","error_msg":"Operation log does not exist."}`,
			0, works + "but knows no task 4827f2da-b008-4507-ab7d-42d0df5ed912; check task_ids" + agrees, nil,
		},
		{
			"refused", "", 401, `{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}`,
			1, fails + "ShowOpLog: HTTP status 401: APIGW.0301: decrypt token fail; check the project's credentials, and iam_endpoint where they log in; a token lives for 24 hours\n", nil,
		},
		{
			"no permission", "", 403, `{"error_code":"CBR.0403","error_msg":"Policy doesn't allow cbr:tasks:get"}`,
			1, fails + "ShowOpLog: HTTP status 403: CBR.0403: Policy doesn't allow cbr:tasks:get; allow the user cbr:tasks:list and cbr:tasks:get,", nil,
		},
		{
			"wrong host", "", 404, `{"error_code":"APIGW.0101","error_msg":"The API does not exist"}`,
			1, fails + "ShowOpLog: HTTP status 404: APIGW.0101: The API does not exist; check the project's endpoint, and its project_id or project_name\n", nil,
		},
		{
			"list", all, 200,
			`{"count":2,"operation_logs":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911","created_at":"2026-11-20T02:00:00Z"},` +
				`{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","created_at":"2026-11-20T03:00:00Z"}]}`,
			0, works + "and lists 2 tasks as of DATE, the newest of them from 2026-11-20T03:00:00Z" + agrees, nil,
		},
		{
			"empty list", all, 200, `{"count":0,"operation_logs":[]}`,
			0, works + "and has no task as of DATE; if there should be some, check project_id and enterprise_project_id" + agrees, nil,
		},
		{
			"list without ids", all, 200, `{"count":2,"operation_logs":[{"name":"a"},{"id":"b"}]}`,
			1, fails + "ListOpLogs: HTTP status 200: none of the 2 rows is a task of the project with an id; check that the project's endpoint is the API's; if it is, the service is ill\n", nil,
		},
		{
			"list without end", all, 200, `{"operation_logs":[` + strings.Repeat(" ", 16<<20),
			1, fails + "ListOpLogs: HTTP status 200: the answer is larger than 16384 KiB; check that the project's endpoint is the API's; if it is, the service is ill\n", nil,
		},
		{
			"full page", all, 200, rowsOf("operation_logs", 1000),
			0, works + "and lists 1000 or more tasks as of DATE" + agrees, nil,
		},
		{
			"count of more", all, 200, `{"count":5,` + strings.TrimPrefix(rowsOf("operation_logs", 2), "{"),
			0, works + "and lists 2 or more tasks as of DATE" + agrees, nil,
		},
		{
			"list refused", all, 403, `{"error_msg":"Policy doesn't allow cbr:tasks:list"}`,
			1, fails + "ListOpLogs: HTTP status 403: Policy doesn't allow cbr:tasks:list; allow the user cbr:tasks:list", nil,
		},
		{
			"vaults", "vaults: {}", 200, vaults,
			0, works + "and lists 1 vaults, and 2 policies" + agrees,
			[]reply{{200, policies}},
		},
		{
			"no vault", "vaults: {}", 200, `{"vaults":[]}`,
			0, works + "and has no vault; if there should be some, check project_id and enterprise_project_id, and 2 policies" + agrees,
			[]reply{{200, policies}},
		},
		{
			"vaults without ids", "vaults: {}", 200, `{"vaults":[{"vault_id":"4827f2da-b008-4507-ab7d-42d0df5ed911"},{"id":"b"}]}`,
			1, fails + "ListVault: HTTP status 200: none of the 2 rows is a vault with an id; check that the project's endpoint is the API's; if it is, the service is ill\n", nil,
		},
		{
			"a vault beside a row without id", "vaults: {}", 200, `{"vaults":[{"id":"b"},` + strings.TrimPrefix(vaults, `{"vaults":[`),
			0, works + "and lists 1 vaults, and 2 policies" + agrees,
			[]reply{{200, policies}},
		},
		{
			"full page of vaults", "vaults: {}", 200, rowsOf("vaults", 1000),
			0, works + "and lists 1000 or more vaults, and 2 policies" + agrees,
			[]reply{{200, policies}},
		},
		{
			"half a page of vaults", "vaults: {}", 200, `{"vaults":[` + strings.Repeat(" ", 16<<20), // is too large
			0, works + "and lists 500 or more vaults, and 2 policies" + agrees,
			[]reply{{200, rowsOf("vaults", 500)}, {200, policies}},
		},
		{
			"all vaults in half a page", "vaults: {}", 200, `{"vaults":[` + strings.Repeat(" ", 16<<20),
			0, works + "and lists 499 vaults, and 2 policies" + agrees,
			[]reply{{200, rowsOf("vaults", 499)}, {200, policies}},
		},
		{
			"policies without ids", "vaults: {}", 200, vaults,
			1, inPart + "and lists 1 vaults, but ListPolicies: HTTP status 200: of 1 rows none is a policy with an id; check that the project's endpoint is the API's; if it is, the service is ill" + agrees,
			[]reply{{200, `{"policies":[{"policy_id":"4827f2da-b008-4507-ab7d-42d0df5ed911"}]}`}},
		},
		{
			"no policy", "vaults: {}", 200, vaults,
			0, works + "and lists 1 vaults, and 0 policies" + agrees,
			[]reply{{200, `{"policies":[]}`}},
		},
		{
			"vaults refused", "vaults: {}", 403, `{"error_msg":"Policy doesn't allow cbr:vaults:list"}`,
			1, fails + "ListVault: HTTP status 403: Policy doesn't allow cbr:vaults:list; allow the user cbr:vaults:list and cbr:policies:list", nil,
		},
		{
			"policies refused", "vaults: {}", 200, vaults,
			1, inPart + "and lists 1 vaults, but ListPolicies: HTTP status 403: Policy doesn't allow cbr:policies:list; allow the user cbr:vaults:list and cbr:policies:list",
			[]reply{{403, `{"error_msg":"Policy doesn't allow cbr:policies:list"}`}},
		},
		{
			"vaults besides the list", all + "\n    vaults: {}", 200, `{"count":0,"operation_logs":[]}`,
			0, works + "and has no task as of DATE; if there should be some, check project_id and enterprise_project_id, and lists 1 vaults, and 2 policies" + agrees,
			[]reply{{200, vaults}, {200, policies}},
		},
		{
			"vaults refused besides the list", all + "\n    vaults: {}", 200, `{"count":0,"operation_logs":[]}`,
			1, inPart + "and has no task as of DATE; if there should be some, check project_id and enterprise_project_id, " +
				"but ListVault: HTTP status 403: Policy doesn't allow cbr:vaults:list; allow the user cbr:vaults:list and cbr:policies:list",
			[]reply{{403, `{"error_msg":"Policy doesn't allow cbr:vaults:list"}`}},
		},
		{
			"the list refused besides vaults", all + "\n    vaults: {}", 401, `{}`,
			1, fails + "ListOpLogs: HTTP status 401: {}; check the project's credentials", nil,
		},
		{"nobody there", "", 0, "", 1, "connection refused; check the project's endpoint, and the way to it: DNS, proxy, firewall, certificates\n", nil},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
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
			code, stdout, stderr := finish(t, "--config.check-connection", "--config.file="+write(t, "config.yml", config))
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

// rowsOf returns a page of a list with so many rows.
func rowsOf(list string, rows int) string {
	all := make([]string, rows)
	for n := range all {
		all[n] = fmt.Sprintf(`{"id":"4827f2da-b008-4507-ab7d-%012d"}`, n)
	}
	return fmt.Sprintf(`{%q:[%s]}`, list, strings.Join(all, ","))
}
