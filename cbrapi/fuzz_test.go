package cbrapi_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// FuzzParseTime checks that a time is in UTC and after the start of 1970, or an error.
func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{
		"2019-05-23T14:31:36.007+00:00", "2020-02-23T01:00:32Z", "2019-05-23T14:35:23.584418",
		"2021-05-18 11:38:55", "2019-05-23T22:31:36+08:00", "2019-05-23T22:31:36+0800",
		"1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "1558622123000", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := cbrapi.ParseTime(s)
		switch {
		case err != nil:
			if !got.IsZero() {
				t.Errorf("ParseTime(%q) = %v with the error %v", s, got, err)
			}
		case got.Location() != time.UTC:
			t.Errorf("ParseTime(%q) = %v, which is not in UTC", s, got)
		case got.Unix() <= 0:
			t.Errorf("ParseTime(%q) = %v, which is not after the start of 1970", s, got)
		}
	})
}

// FuzzJSON compares what is read of a JSON text with encoding/json.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		` {"a" : [1, "b\"]}" , {}, [] ] , "\u0061":null,"c":{"":-1.5e+3 } } `, `null`, ` "\ud800\/\n" `, "\"\xff\"", `[true,false,nul]`, `7 `, `{}{}`,
		`{"\u0069\u0064":1}`, `{"a":1,"a":2}`, strings.Repeat("[", 20000), ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var want any
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.UseNumber()
		valid := json.Valid([]byte(body))
		if valid && decoder.Decode(&want) != nil {
			t.Fatal("a valid text cannot be decoded")
		}
		got, ok := cbrapi.Generic([]byte(body))
		if diff := cmp.Diff(want, got); ok != valid || diff != "" {
			t.Errorf("got valid %t, want %t (-want +got):\n%s", ok, valid, diff)
		}
	})
}

// FuzzOperationLog reads a response with a task.
func FuzzOperationLog(f *testing.F) {
	for _, a := range samples() {
		body, id := testdata(f, a.file)
		f.Add(strings.ReplaceAll(body, id, taskID))
	}
	for _, seed := range []string{
		`{"operation_log": {"id": "` + taskID + `", "status": "being backed up", "error_info": {"code": 1e400}}}`,
		`{"operation_log": {"id": "` + taskID + `", "extra_info": {"sync": {"sync_backup_num": 9223372036854775807}}}}`,
		`{"operation_log": {"id": "` + taskID + `", "extra_info": {"resource": {"extra_info": {"exclude_volumes": [[]]}}}}}`,
		`{"operation_log": null}`, `null`, `[]`, ``, `<html>`, strings.Repeat("[", 20000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		client := newClient(t, inMemory(http.StatusOK, "application/json", body))
		got, err := client.OperationLog(t.Context(), taskID)
		if err != nil {
			checkError(t, err)
			return
		}
		if got.ID != taskID {
			t.Errorf("the task is %q, want %q", got.ID, taskID)
		}
		checkTask(t, got)
	})
}

// FuzzList reads a page of tasks, and then the same page again.
func FuzzList(f *testing.F) {
	for _, a := range samples() {
		f.Add(`{"operation_logs":[` + sampleRow(f, a.file) + `],"count":1}`)
	}
	for _, seed := range []string{
		`{"operation_logs":null,"count":0}`, `{"count":"2","operation_logs":[null,7,{"id":7},{"id":"` + taskID + `"}],"limit":1e400}`,
		`{"operation_logs":[{"id":"` + taskID + `"},{"id":"` + strings.ToUpper(taskID) + `"}]}`,
		`{"operation_logs":[{"id":"` + taskID + `"}],"count":2}`,
		`{"operation_logs":[],"operation_logs":[]}`, `{"operation_logs":[{"id":1},]}`, `{"operation_logs":{}}`, `{} {}`, `null`, `[`, ``,
		`{"operation_logs":[` + strings.Repeat("[", 20000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		l := newClient(t, inMemory(http.StatusOK, "application/json", body)).OperationLogs(cbrapi.ListFilter{})
		first, err := l.Next(t.Context())
		if err != nil {
			checkError(t, err)
			if first != nil || l.Rows() != 0 {
				t.Errorf("got %d tasks of %d rows with the error %v", len(first), l.Rows(), err)
			}
			return
		}
		if !json.Valid([]byte(body)) {
			t.Error("the response is not JSON")
		}
		seen := map[string]bool{}
		for _, task := range first {
			if seen[task.ID] || len(task.ID) != 36 || task.ID != strings.ToLower(task.ID) {
				t.Errorf("the id is %q, want a new UUID in lower case", task.ID)
			}
			seen[task.ID] = true
			checkTask(t, task)
		}
		invalid := l.Invalid()
		checkInvalid(t, invalid)
		if rows := len(first) + len(invalid) - 1; rows > l.Rows() { // 1: the count
			t.Errorf("%d tasks and %d invalid fields in %d rows", len(first), len(invalid), l.Rows())
		}
		// The same page again has no new rows. That ends the list, unless the first count says
		// that rows are missing.
		again, err := l.Next(t.Context())
		if again != nil || l.Done() == (err != nil) {
			t.Errorf("the same page again gives %v, %v, done: %v", again, err, l.Done())
		}
		if err != nil {
			checkError(t, err)
		}
	})
}

// FuzzRows reads the same row as a vault, a policy, a backup and a protectable resource.
func FuzzRows(f *testing.F) {
	for _, file := range []string{
		"vaults.json", "vaults_deleted_resource.json", "policies.json", "backups.json", "backups_sample.json",
		"backups_server_and_disk.json", "backups_turbo.json", "protectables.json", "protectables_server.json",
	} {
		for _, row := range rowsIn(f, file) {
			f.Add(row)
		}
	}
	f.Add(`{"id":"` + backupID + `","protected_at":"2025-03-22","replication_records":[{"extra_info":[]},7],"protectable":{"vault":[]}}`)
	f.Fuzz(func(t *testing.T, row string) {
		page := "[" + row + "]"
		client := newClient(t, inMemory(http.StatusOK, "application/json",
			`{"vaults":`+page+`,"policies":`+page+`,"backups":`+page+`,"instances":`+page+`}`))
		vaults := checkPage(t, client.Vaults())
		for _, v := range vaults {
			checkWords(t, string(v.Billing.Status), v.Billing.ChargingMode, v.Billing.ProtectType, v.Billing.ObjectType, v.Billing.ConsistentLevel)
			checkNames(t, v.ID, v.Name, v.EnterpriseProjectID)
			checkTimes(t, v.CreatedAt)
			checkInvalid(t, v.Invalid)
			for _, r := range v.Resources {
				checkWords(t, string(r.ProtectStatus))
				checkNames(t, append([]string{r.ID, r.Type, r.Name}, r.ExcludeVolumes...)...)
			}
		}
		policies, invalid, err := client.Policies(t.Context())
		if err != nil {
			checkError(t, err)
		}
		checkInvalid(t, invalid)
		for _, p := range policies {
			checkWords(t, string(p.OperationType))
			checkNames(t, append(append([]string{p.ID, p.Name}, p.Patterns...), p.VaultIDs...)...)
			checkTimes(t, p.StartTime)
			checkInvalid(t, p.Invalid)
		}
		backups := checkPage(t, client.Backups(cbrapi.BackupFilter{}))
		for _, b := range backups {
			checkWords(t, string(b.Status))
			checkNames(t, b.ID, b.Name, b.ParentID, b.VaultID, b.Resource.ID, b.Resource.Type, b.Resource.Name)
			checkTimes(t, b.CreatedAt, b.ProtectedAt, b.ExpiredAt)
			checkInvalid(t, b.Invalid)
			for _, r := range b.Replicas {
				checkWords(t, string(r.Status), r.DestinationRegion, r.FailCode)
				checkTimes(t, r.CreatedAt)
			}
		}
		protectables := checkPage(t, client.Protectables(cbrapi.ProtectableDisk))
		for _, p := range protectables {
			checkWords(t, p.Status, p.Code)
			checkNames(t, p.ID, p.Name, p.Type, p.VaultID)
			if n := utf8.RuneCountInString(p.Reason); n > 1025 || strings.ContainsFunc(p.Reason, unicode.IsControl) {
				t.Errorf("the reason is %.100q of %d characters", p.Reason, n)
			}
			checkInvalid(t, p.Invalid)
		}
		if len(vaults) != len(policies) || len(vaults) != len(backups) || len(vaults) != len(protectables) {
			t.Errorf("the same rows are %d vaults, %d policies, %d backups and %d protectable resources", len(vaults), len(policies), len(backups), len(protectables))
		}
	})
}

// checkPage returns the first page of a list.
func checkPage[T any](t *testing.T, l *cbrapi.List[T]) []*T {
	t.Helper()
	page, err := l.Next(t.Context())
	if err != nil {
		checkError(t, err)
	}
	checkInvalid(t, l.Invalid())
	return page
}

// checkTask checks the guarantees for every task.
func checkTask(t *testing.T, got *cbrapi.OperationLog) {
	t.Helper()
	words := []string{string(got.Status), string(got.OperationType), got.ErrorInfo.Code}
	names := []string{
		got.CheckpointID, got.PolicyID, got.ProviderID, got.VaultID, got.VaultName,
		got.ExtraInfo.Common.RequestID,
	}
	if b := got.ExtraInfo.Backup; b != nil {
		words = append(words, b.AppConsistencyStatus, b.AppConsistencyErrorCode)
		names = append(names, b.BackupID, b.BackupName)
	}
	if r := got.ExtraInfo.Resource; r != nil {
		names = append(append(names, r.ID, r.Type, r.Name), r.ExcludeVolumes...)
	}
	seen := map[string]bool{"": true}
	for _, r := range got.Resources() {
		if seen[r.ID] {
			t.Errorf("the task names the resource %.100q twice, or one without an id", r.ID)
		}
		seen[r.ID] = true
		names = append(append(names, r.ID, r.Type, r.Name), r.ExcludeVolumes...)
	}
	checkWords(t, words...)
	checkNames(t, names...)
	checkTimes(t, got.CreatedAt, got.StartedAt, got.EndedAt, got.UpdatedAt)
	if p := got.ExtraInfo.Common.Progress; p != nil && !(*p >= 0 && *p <= 100) {
		t.Errorf("the progress is %v", *p)
	}
	if d, ok := got.Duration(); ok && d < 0 {
		t.Errorf("the duration is %v", d)
	}
	if n := utf8.RuneCountInString(got.ErrorInfo.Message); n > 2049 || strings.ContainsFunc(got.ErrorInfo.Message, unicode.IsControl) {
		t.Errorf("the message is %.100q of %d characters", got.ErrorInfo.Message, n)
	}
	checkInvalid(t, got.Invalid)
}

func checkWords(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if len(word) > 64 || !utf8.ValidString(word) || strings.ContainsFunc(word, notInWord) {
			t.Errorf("%q is not a token", word)
		}
	}
}

func checkNames(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if len(name) > 1024 || !utf8.ValidString(name) {
			t.Errorf("the name or id %.100q has %d bytes", name, len(name))
		}
	}
}

func checkTimes(t *testing.T, times ...time.Time) {
	t.Helper()
	for _, at := range times {
		if !at.IsZero() && at.Unix() <= 0 {
			t.Errorf("a time is %v", at)
		}
	}
}

func checkInvalid(t *testing.T, invalid []cbrapi.InvalidField) {
	t.Helper()
	for _, i := range invalid {
		// A value and the name of its row have 65 characters at most, and its place a few.
		if !utf8.ValidString(i.Value) || utf8.RuneCountInString(i.Value) > 150 || strings.ContainsFunc(i.Field, notInWord) {
			t.Errorf("an invalid field is %q", i)
		}
	}
}

func notInWord(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// FuzzError checks that the error of any response is one short line without the token.
func FuzzError(f *testing.F) {
	notFound, _ := testdata(f, "sample_not_found.json")
	f.Add(404, "application/json", notFound)
	f.Add(401, "application/json", `{"error":{"code":401,"message":"m","title":"Unauthorized"}}`)
	f.Add(500, "application/json", `{"errorCode":"`+strings.Repeat("9", 100)+`","errorMessage":"a\u2028b"}`)
	f.Add(302, "text/html", "<html></html>")
	f.Add(200, "text/plain; a=b; a=c", "\xff\xfe\x00")
	f.Add(401, "", token+token[:20])
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		if status < 100 || status > 999 {
			t.Skip("no HTTP status")
		}
		_, err := newClient(t, inMemory(status, contentType, body)).OperationLog(t.Context(), taskID)
		if err == nil {
			if status/100 != 2 {
				t.Errorf("no error with the status %d", status)
			}
			return
		}
		checkError(t, err)
	})
}

// checkError checks the guarantees for every *cbrapi.Error.
func checkError(t *testing.T, err error) {
	t.Helper()
	var e *cbrapi.Error
	if !errors.As(err, &e) {
		t.Fatalf("got the error %v, want a *cbrapi.Error", err)
	}
	for _, part := range []struct {
		text string
		most int
	}{{e.Code, 64}, {e.Message, 300}, {e.RequestID, 64}} {
		if n := utf8.RuneCountInString(part.text); n > part.most+1 { // 1: the ellipsis
			t.Errorf("%.100q has %d characters, want at most %d", part.text, n, part.most)
		}
	}
	text := err.Error()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' }) {
		t.Errorf("the error is not one line of text: %q", text)
	}
	if e.StatusCode/100 != 2 && strings.Contains(text, token) {
		t.Errorf("the error has the token: %s", text)
	}
	_ = cbrapi.ReasonOf(err)
}
