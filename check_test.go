package main

import (
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
	const all = "discovery: {}"
	cases := []struct {
		name   string
		watch  string // what is watched; one task if it is empty
		status int    // 0: nobody listens
		body   string
		code   int
		says   string
	}{
		{
			"works", "", 200, `{"operation_log":{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","status":"success"}}`,
			0, works + "and says that task 4827f2da-b008-4507-ab7d-42d0df5ed912 is success" + agrees,
		},
		{
			"no such task", "", 404, `{"error_code":"BackupService.6500","error_msg":"Operation log does not exist."}`,
			0, works + "but knows no task 4827f2da-b008-4507-ab7d-42d0df5ed912; check task_ids" + agrees,
		},
		{
			"refused", "", 401, `{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}`,
			1, fails + "ShowOpLog: HTTP status 401: APIGW.0301: decrypt token fail; check the project's credentials, and iam_endpoint where they log in; a token lives for 24 hours\n",
		},
		{
			"no permission", "", 403, `{"error_code":"CBR.0403","error_msg":"Policy doesn't allow cbr:tasks:get"}`,
			1, fails + "ShowOpLog: HTTP status 403: CBR.0403: Policy doesn't allow cbr:tasks:get; allow the user cbr:tasks:list and cbr:tasks:get,",
		},
		{
			"wrong host", "", 404, `{"error_code":"APIGW.0101","error_msg":"The API does not exist"}`,
			1, fails + "ShowOpLog: HTTP status 404: APIGW.0101: The API does not exist; check the project's endpoint, and its project_id or project_name\n",
		},
		{
			"list", all, 200,
			`{"count":2,"operation_logs":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911","created_at":"2026-11-20T02:00:00Z"},` +
				`{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","created_at":"2026-11-20T03:00:00Z"}]}`,
			0, works + "and lists 2 tasks as of DATE, the newest of them from 2026-11-20T03:00:00Z" + agrees,
		},
		{
			"empty list", all, 200, `{"count":0,"operation_logs":[]}`,
			0, works + "and has no task as of DATE; if there should be some, check project_id and enterprise_project_id" + agrees,
		},
		{
			"list without ids", all, 200, `{"count":2,"operation_logs":[{"name":"a"},{"id":"b"}]}`,
			1, fails + "ListOpLogs: HTTP status 200: none of the 2 rows is a task of the project with an id; check that the project's endpoint is the API's; if it is, the service is ill\n",
		},
		{
			"list without end", all, 200, `{"operation_logs":[` + strings.Repeat(" ", 16<<20),
			1, fails + "ListOpLogs: HTTP status 200: the answer is larger than 16384 KiB; check that the project's endpoint is the API's; if it is, the service is ill\n",
		},
		{
			"list refused", all, 403, `{"error_msg":"Policy doesn't allow cbr:tasks:list"}`,
			1, fails + "ListOpLogs: HTTP status 403: Policy doesn't allow cbr:tasks:list; allow the user cbr:tasks:list",
		},
		{
			"vaults", "vaults: {}", 200, `{"vaults":[{"id":"4827f2da-b008-4507-ab7d-42d0df5ed911"}]}`,
			0, works + "and lists 1 vaults" + agrees,
		},
		{
			"vaults refused", "vaults: {}", 403, `{"error_msg":"Policy doesn't allow cbr:vaults:list"}`,
			1, fails + "ListVault: HTTP status 403: Policy doesn't allow cbr:vaults:list; allow the user cbr:vaults:list and cbr:policies:list",
		},
		{"nobody there", "", 0, "", 1, "connection refused; check the project's endpoint, and the way to it: DNS, proxy, firewall, certificates\n"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			requests := 0
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer api.Close()
			want := 1
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
			stdout = regexp.MustCompile(`as of [0-9TZ:-]+`).ReplaceAllString(stdout, "as of DATE")
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
