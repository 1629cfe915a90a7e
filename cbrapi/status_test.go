package cbrapi_test

import (
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestStatusFinished(t *testing.T) {
	want := map[cbrapi.Status]bool{
		"success": true, "skipped": true, "failed": true, "timeout": true,
		"running": false, "waiting": false,
	}
	statuses := cbrapi.Statuses()
	if len(statuses) != len(want) {
		t.Errorf("Statuses() = %v, want %d of them", statuses, len(want))
	}
	for _, s := range statuses {
		if _, documented := want[s]; !documented {
			t.Errorf("the status %q is not a documented one", s)
		}
	}
	want["erasing"], want[""], want["SUCCESS"] = false, false, false
	for s, finished := range want {
		if got := s.Finished(); got != finished {
			t.Errorf("%q: Finished() = %v, want %v", s, got, finished)
		}
	}
}

func TestCanonicalOperationType(t *testing.T) {
	for sent, want := range map[cbrapi.OperationType]cbrapi.OperationType{
		"copy": "replication", "replication": "replication", "backup": "backup",
		"migrate_resources": "migrate_resources", "erase": "erase", "COPY": "COPY", "": "",
	} {
		if got := sent.Canonical(); got != want {
			t.Errorf("%q: Canonical() = %q, want %q", sent, got, want)
		}
	}
}
