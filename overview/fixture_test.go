package overview

import (
	"fmt"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// The names that break pages.
const (
	scriptName   = `<script>alert("x")</script>`
	chineseName  = "数据库服务器-生产环境"
	cyrillicName = "Сервер баз данных № 1"
	emojiName    = "🔥 web 🚀"
	quoteName    = `"><img src=x onerror=alert(1)>'`
)

var fixtureNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func longName() string { return strings.Repeat("x", 255) }

func fixtureID(n int) string { return fmt.Sprintf("6f1c9a2e-0000-4000-8000-%012d", n) }

func before(d time.Duration) time.Time { return fixtureNow.Add(-d) }

// fixtureDays returns 31 days of success, with the outcomes at the end.
func fixtureDays(last ...Outcome) []Day {
	days := make([]Day, 31)
	for n := range days {
		d := Day{
			Date:    fixtureNow.AddDate(0, 0, n-30).Format(time.DateOnly),
			Outcome: OutcomeSuccess,
			Tasks:   map[cbrapi.Status]int{cbrapi.StatusSuccess: 1},
		}
		if from := len(days) - len(last); n >= from {
			d.Outcome = last[n-from]
			switch d.Outcome {
			case OutcomeFailed:
				d.Tasks[cbrapi.StatusFailed] = 1
			case OutcomeTimeout, OutcomeSkipped:
				d.Tasks = map[cbrapi.Status]int{cbrapi.Status(d.Outcome): 1}
			case OutcomeMissed:
				d.Tasks, d.Missed = nil, 1
			case OutcomeNone, OutcomeUnknown:
				d.Tasks = nil
			}
		}
		days[n] = d
	}
	return days
}

func fixtureResource(n int, name string, states ...State) Resource {
	r := Resource{
		Place:         Place{Project: "production", VaultID: fixtureID(900 + n%3), VaultName: []string{"vault-daily", "vault-weekly", chineseName}[n%3]},
		ResourceID:    fixtureID(n),
		ResourceName:  name,
		ResourceType:  "OS::Nova::Server",
		OperationType: cbrapi.OperationBackup,
		States:        states,
		Due:           before(10 * time.Hour),
		LastSuccess:   &Run{ID: fixtureID(5000 + n), Status: cbrapi.StatusSuccess, Ended: before(9 * time.Hour), Duration: new(780.0)},
		Days:          fixtureDays(),
		RestorePoints: &RestorePoints{
			Count: 30, Lost: new(false), Latest: before(9 * time.Hour), Oldest: before(30 * 24 * time.Hour), NextExpiry: before(-15 * time.Hour), InError: n % 2, BeingMade: n % 3,
		},
	}
	switch states[0] {
	case StateOverdue:
		r.Why, r.Alert = "3 in a row failed, the latest 9 h ago, BackupService.7003: The number of backups exceeds the quota of the vault; none has started since", "CBRBackupOverdue"
		r.LastSuccess.Ended = before(81 * time.Hour)
		r.Days = fixtureDays(OutcomeSkipped, OutcomeSuccess, OutcomeFailed, OutcomeTimeout, OutcomeMissed)
		r.Failures = 3
	case StateLost:
		r.Why, r.Alert = "9 of 12 restore points are gone within a day, other than by expiry", "CBRRestorePointsLost"
		r.RestorePoints.Count, r.RestorePoints.Peak, r.RestorePoints.Lost = 3, 12, new(true)
	case StateNoRestorePoint:
		r.Why, r.Alert, r.RestorePoints = "there is no restore point", "CBRNoRestorePoint", &RestorePoints{}
	case StateFailing:
		r.Why, r.Alert = "the latest backup failed 9 h ago, CBR.0012: agent is not online", "CBRTaskFailing"
		r.Days = fixtureDays(OutcomeFailed)
	case StateUncovered:
		r.Why, r.Alert = "no enabled policy of the vault backs it up", "CBRResourceNotCovered"
		r.LastSuccess, r.NoneSince = nil, before(30*24*time.Hour)
		r.Days = nil
	}
	return r
}

func fixtureRows[T any](rows ...T) Rows[T] {
	return Rows[T]{All: len(rows), Selected: len(rows), Page: 1, Pages: 1, Rows: rows}
}

// troubled is a status of three projects with everything in it.
func troubled() *Status {
	s := &Status{
		Version: "0.1.0",
		At:      fixtureNow,
		State:   StateAttention,
		Summary: "4 of 412 resources have no backup in time, 2 are failing, 1 vault is full, and 1 project of 3 cannot be read.",
		Tiles: []Tile{
			{"overdue", new(4), new(412)},
			{"unrestorable", new(3), new(400)},
			{"failing", new(2), new(398)},
			{"blind", new(1), new(3)},
			{"vaults", new(1), new(12)},
			{"uncovered", nil, nil},
			{"unprotected", new(3), new(420)},
			{"stuck", new(1), new(3)},
		},
		Refusal: &Refusal{before(26 * time.Minute), []string{
			"projects[1].discovery.lookback: 40d is more than the 30 days that the API remembers",
			`projects[2]: unknown field "valuts"; did you mean "vaults"?`,
		}},
		Projects: []Project{
			{
				Name: "archive", State: StateBlind, Summary: "Nothing is known since 2 h.", At: new(before(time.Minute)),
				Reading:  "Tasks could not be read. Reason: authentication; check access_key and secret_key of the project. Tasks: last read completely at 10:00:00 UTC.",
				Problems: []Problem{{"authentication", "GET https://cbr.example.com/v3/0a1b/operation-logs: HTTP 401, APIGW.0301: Incorrect IAM authentication information", before(2 * time.Hour)}},
			},
			{Name: "production", State: StateAttention, Summary: "Overdue: 4 of 300. Failing: 2 of 290. 1 vault is full.", Reading: "Tasks: read at 11:59:40 UTC. Vaults and policies: read at 11:56:00 UTC.", At: new(before(20 * time.Second))},
			{Name: "staging", State: StateOK, Reading: "Tasks: read at 11:59:40 UTC.", At: new(before(20 * time.Second))},
		},
	}
	s.Resources = fixtureRows(
		fixtureResource(1, "db-primary-01", StateOverdue, StateFailing),
		fixtureResource(2, chineseName, StateOverdue),
		fixtureResource(3, longName(), StateOverdue),
		fixtureResource(4, scriptName, StateOverdue),
		fixtureResource(5, cyrillicName, StateFailing, StateInTime),
		fixtureResource(6, quoteName, StateFailing, StateInTime),
		fixtureResource(7, emojiName, StateUncovered),
		Resource{
			Place: Place{Project: "production", VaultID: fixtureID(900), VaultName: "vault-daily"}, OperationType: cbrapi.OperationVaultDelete,
			States: []State{StateFailed}, Why: "CBR.0044: the vault is in use", Alert: "CBRVaultOperationFailed",
		},
		Resource{
			Place: Place{Project: "production"}, ResourceID: fixtureID(8001), ResourceName: scriptName, ResourceType: "OS::Nova::Server", OperationType: cbrapi.OperationBackup,
			States: []State{StateUnprotected}, Why: "it is in no vault, and cannot be protected: BackupService.9999: the disk type is not supported " + scriptName, Alert: "CBRResourceUnprotected",
		},
	)
	for n := range 34 {
		s.Resources.Rows = append(s.Resources.Rows, fixtureResource(10+n, fmt.Sprintf("web-%02d", n), StateInTime))
	}
	s.Resources.Rows[20].RestorePoints = nil
	s.Resources.All, s.Resources.Selected = 43, 43
	place := Place{Project: "production", VaultID: fixtureID(900), VaultName: "vault-daily"}
	s.Tasks = fixtureRows(
		Task{
			Place: place, ID: fixtureID(7001), Status: "running", States: []State{StateStuck, StateActive}, OperationType: cbrapi.OperationBackup,
			Resources: []Named{{fixtureID(1), "db-primary-01"}}, Progress: new(0.45), Created: before(14 * time.Hour), Started: before(14 * time.Hour),
			Duration: new(50400.0), Usual: new(2400.0), Alert: "CBRTaskStuck",
		},
		Task{Place: place, ID: fixtureID(7004), Status: "not found", States: []State{StateUnreadable}, Configured: true, Error: "the API has no such task", Alert: "CBRTaskNotFound"},
		Task{
			Place: place, ID: fixtureID(7002), Status: "running", States: []State{StateActive}, OperationType: cbrapi.OperationReplication,
			Resources: []Named{{fixtureID(2), chineseName}, {fixtureID(3), longName()}}, Progress: new(0.8), Created: before(12 * time.Minute),
			Started: before(12 * time.Minute), Duration: new(720.0), Usual: new(2400.0),
		},
		Task{
			Place: place, ID: fixtureID(7003), Status: "waiting", States: []State{StateActive}, OperationType: cbrapi.OperationBackup,
			Resources: []Named{{fixtureID(11), "web-01"}}, Created: before(3 * time.Minute),
		},
		Task{
			Place: place, ID: fixtureID(7005), Status: "success", States: []State{StateEnded}, Configured: true, OperationType: cbrapi.OperationRestore,
			Resources: []Named{{fixtureID(12), "web-02"}}, Created: before(50 * time.Hour), Duration: new(1500.0),
		},
	)
	const tib = 1 << 40
	s.Vaults = fixtureRows(
		Vault{
			Place: place, Status: cbrapi.VaultAvailable, States: []State{StateFull}, Why: []string{"It uses 100 % of its capacity."}, Alert: "CBRVaultFull",
			Used: new(int64(10 * tib)), Capacity: new(int64(10 * tib)), Resources: new(120), Schedules: []string{"backup every 24 h", "replication every 7 days"},
		},
		Vault{
			Place: Place{Project: "archive", VaultID: fixtureID(903), VaultName: longName()}, Status: cbrapi.VaultFrozen, States: []State{StateUnavailable, StateGaps},
			Why: []string{"It is frozen.", "Disabled policies: " + scriptName}, Alert: "CBRVaultNotAvailable", Used: new(int64(3 * tib)), Resources: new(4),
		},
		Vault{
			Place: Place{Project: "production", VaultID: fixtureID(901), VaultName: "vault-weekly"}, Status: cbrapi.VaultAvailable, States: []State{StateNearlyFull},
			Why: []string{"It uses 91 % of its capacity."}, Used: new(int64(91 * tib / 10)), Capacity: new(int64(10 * tib)), Resources: new(77), Schedules: []string{"backup every 7 days"},
		},
		Vault{
			Place: Place{Project: "production", VaultID: fixtureID(902), VaultName: chineseName}, Status: cbrapi.VaultAvailable, States: []State{StateOK},
			Used: new(int64(tib)), Capacity: new(int64(10 * tib)), Resources: new(3), Schedules: []string{"backup every 24 h"},
		},
	)
	return s
}

// fine is a status of one project in which nothing is wrong.
func fine() *Status {
	s := troubled()
	s.State, s.Summary, s.Refusal = StateOK, "All 34 resources have a backup in time.", nil
	s.Projects = []Project{{Name: "production", State: StateOK, Reading: "Tasks: read at 11:59:40 UTC. Vaults and policies: read at 11:56:00 UTC."}}
	s.Tiles = []Tile{
		{"overdue", new(0), new(34)},
		{"failing", new(0), new(34)},
		{"stuck", new(0), new(1)},
	}
	s.Resources = fixtureRows(s.Resources.Rows[9:]...)
	s.Tasks = fixtureRows(s.Tasks.Rows[2])
	s.Vaults = fixtureRows(s.Vaults.Rows[3])
	return s
}

// syncing is the status at the first start.
func syncing() *Status {
	return &Status{
		Version: "0.1.0", At: fixtureNow, State: StateBlind, Summary: "The task list is being read for the first time.",
		Tiles: []Tile{{"overdue", nil, nil}},
		Projects: []Project{
			{Name: "production", State: StateBlind, Reading: "Tasks: not read completely yet."},
			{Name: "staging", State: StateBlind, Reading: "Tasks: not read completely yet."},
		},
		Resources: fixtureRows[Resource](), Tasks: fixtureRows[Task](), Vaults: fixtureRows[Vault](),
	}
}

// manyRows is a status with the second of 50 full pages of resources.
func manyRows() *Status {
	s := troubled()
	s.Resources = Rows[Resource]{All: 10000, Selected: 10000, Page: 2, Pages: 50}
	for n := range pageSize {
		s.Resources.Rows = append(s.Resources.Rows, fixtureResource(n, fmt.Sprintf("server-%04d", n), []State{StateOverdue, StateFailing, StateInTime}[n%3]))
	}
	return s
}

func detailed() *Detail {
	s := troubled()
	r := s.Resources.Rows[0]
	d := &Detail{
		Version: "0.1.0", At: fixtureNow, Place: r.Place, ResourceID: r.ResourceID, ResourceName: r.ResourceName, ResourceType: r.ResourceType,
		Binding:    "It is bound to the vault and follows its policies.",
		Restorable: "It can be restored from 12 backups.",
		RestorePoints: &RestorePoints{
			Count: 12, Latest: before(9 * time.Hour), Oldest: before(12 * 24 * time.Hour), NextExpiry: before(-15 * time.Hour), InError: 2, BeingMade: 1,
			Replicas: []Replicas{{Region: "cn-east-3", Latest: before(33 * time.Hour)}, {Region: scriptName, Failed: 1234, ErrorCode: "BackupService.6302"}},
		},
		BackupBytes: new(int64(120 << 30)), Locked: new(false),
		Operations: []Operation{{Resource: r}, {Resource: s.Resources.Rows[10]}},
		Tasks:      []Task{s.Tasks.Rows[0], s.Tasks.Rows[4]},
		Policies: []Policy{
			{
				ID: fixtureID(800), Name: "daily", OperationType: cbrapi.OperationBackup, Enabled: new(true),
				Patterns: []string{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=02;BYMINUTE=00"},
				Next:     []time.Time{fixtureNow.Add(14 * time.Hour), fixtureNow.Add(38 * time.Hour), fixtureNow.Add(62 * time.Hour)},
			},
			{ID: fixtureID(801), Name: scriptName, OperationType: cbrapi.OperationReplication, Enabled: new(false)},
		},
		Vault:   &s.Vaults.Rows[0],
		Reading: "Tasks: read at 11:59:40 UTC.",
	}
	for n := range 6 {
		status := []cbrapi.Status{cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped, cbrapi.StatusSuccess}[min(n, 3)]
		run := Run{ID: fixtureID(6000 + n), Status: status, Created: before(time.Duration(10+24*n) * time.Hour), Ended: before(time.Duration(9+24*n) * time.Hour), Duration: new(780.0)}
		if n < 3 {
			run.Error = "BackupService.7003: The number of backups exceeds the quota of the vault " + scriptName
		}
		d.Operations[0].Runs = append(d.Operations[0].Runs, run)
	}
	return d
}
