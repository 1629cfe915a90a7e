package cbrapi_test

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// What tasks have in common is in memory once, also over several pages.
func TestSharedTexts(t *testing.T) {
	task := sampleRow(t, "backup.json")
	h := &history{rows: []string{task, strings.Replace(task, taskID, idOf(2), 1)}, most: atMost(1)}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	var got []*cbrapi.OperationLog
	for !l.Done() {
		page, err := l.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page...)
	}
	if len(got) != 2 {
		t.Fatalf("%d tasks, want 2", len(got))
	}
	for name, text := range map[string]func(*cbrapi.OperationLog) string{
		"project id":    func(l *cbrapi.OperationLog) string { return l.ProjectID },
		"status":        func(l *cbrapi.OperationLog) string { return string(l.Status) },
		"type":          func(l *cbrapi.OperationLog) string { return string(l.OperationType) },
		"policy id":     func(l *cbrapi.OperationLog) string { return l.PolicyID },
		"provider id":   func(l *cbrapi.OperationLog) string { return l.ProviderID },
		"vault id":      func(l *cbrapi.OperationLog) string { return l.VaultID },
		"vault name":    func(l *cbrapi.OperationLog) string { return l.VaultName },
		"code":          func(l *cbrapi.OperationLog) string { return l.ErrorInfo.Code },
		"message":       func(l *cbrapi.OperationLog) string { return l.ErrorInfo.Message },
		"resource id":   func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.ID },
		"resource type": func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.Type },
		"resource name": func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.Name },
		"volume":        func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.ExcludeVolumes[0] },
	} {
		a, b := text(got[0]), text(got[1])
		if a == "" || a != b || unsafe.StringData(a) != unsafe.StringData(b) {
			t.Errorf("%s: %q and %q are not one text", name, a, b)
		}
	}
}
