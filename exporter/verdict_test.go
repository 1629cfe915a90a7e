package exporter_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// story is what happened to a resource with this name.
type story struct {
	name  string
	tasks []simulator.Task // of the resource, without ids
	bound func(*simulator.VaultResource)
	free  bool // it is in no vault
}

const (
	hours = 60.
	days  = 24 * hours
)

// stories returns resources of a vault with a policy that runs at 10:50 each day. The
// latest run whose grace is over is that of yesterday, 25 h 10 min before noon. A success
// that was created up to 6 h before it counts.
func stories() []story {
	success := func(at float64) simulator.Task { return backup("1", "success", at, at+10) }
	failed := func(at float64) simulator.Task { return backup("1", "failed", at, at+10) }
	skipped := backup("1", "skipped", -70, -69)
	waiting := with(backup("1", "", -3.8*hours, -4*hours), func(task *simulator.Task) { task.Started = time.Time{} })
	active := func(since float64) simulator.Task { return backup("1", "", since, since-1) }
	old := success(-3 * days)
	return []story{
		{name: "in time", tasks: []simulator.Task{success(-20 * days), success(-25 * hours), success(-60)}},
		{name: "by hand before the run", tasks: []simulator.Task{with(success(-31*hours), byHand)}},
		{name: "missed", tasks: []simulator.Task{success(-32 * hours)}},
		{name: "never", tasks: nil},
		{name: "running", tasks: []simulator.Task{old, active(-100)}},
		{name: "waiting", tasks: []simulator.Task{old, waiting}},
		{name: "running for a day", tasks: []simulator.Task{old, active(-25 * hours)}},
		{name: "running for a day as usual", tasks: []simulator.Task{backup("1", "success", -49*hours, -25.5*hours), active(-25 * hours)}},
		{name: "failed", tasks: []simulator.Task{old, failed(-25 * hours), failed(-70)}},
		{name: "failed, then skipped", tasks: []simulator.Task{success(-25 * hours), failed(-100), skipped}},
		{name: "skipped", tasks: []simulator.Task{skipped}},
		{name: "deleted", tasks: []simulator.Task{failed(-70)}, bound: func(r *simulator.VaultResource) { r.ProtectStatus = "deleted" }},
		{name: "not by policy", tasks: []simulator.Task{old}, bound: func(r *simulator.VaultResource) { r.AutoProtect = new(false) }},
		{name: "unbound", tasks: []simulator.Task{failed(-70)}, free: true},
		{name: "replicated alone", tasks: []simulator.Task{with(old, doing("replication"))}},
	}
}

// tell adds the tasks of stories to the cloud and returns a vault with their resources.
func tell(cloud *simulator.Simulator, stories []story) simulator.Vault {
	v := vault("1", "vault-db")
	number := 0
	for n, s := range stories {
		id := fmt.Sprintf("%x", n+1)
		for _, task := range s.tasks {
			number++
			task.ID = taskID(fmt.Sprint(number))
			cloud.Add(with(task, ofResource(id, s.name, "OS::Nova::Server")))
		}
		if !s.free {
			bound(id, func(r *simulator.VaultResource) {
				r.Name = s.name
				if s.bound != nil {
					s.bound(r)
				}
			})(&v)
		}
	}
	return v
}

// vaultsByUse returns vaults without resources, each with its state as its name, and one
// for which no policy makes backups.
func vaultsByUse() []simulator.Vault {
	number := 1
	of := func(name string, change func(*simulator.Vault)) simulator.Vault {
		number++
		return vault(fmt.Sprintf("%x", number), name, change)
	}
	used := func(share float64) func(*simulator.Vault) {
		return func(v *simulator.Vault) { v.Used = int64(share * float64(v.Size<<10)) }
	}
	expanding := func(share float64) func(*simulator.Vault) {
		return func(v *simulator.Vault) { used(share)(v); v.AutoExpand = new(true) }
	}
	threshold := func(share float64) func(*simulator.Vault) {
		return func(v *simulator.Vault) { used(share)(v); v.Threshold = new(int64(95)) }
	}
	return []simulator.Vault{
		of("84 %", used(0.84)),
		of("85 %", used(0.85)),
		of("99 %", used(0.99)),
		of("94 % of threshold 95 %", threshold(0.94)),
		of("95 % of threshold 95 %", threshold(0.95)),
		of("99 %, expanding", expanding(0.99)),
		of("100 %, expanding", expanding(1)),
		of("locked", func(v *simulator.Vault) { v.Status = "lock" }),
		of("frozen, available", func(v *simulator.Vault) { v.Frozen = new(true) }),
		of("deleting", func(v *simulator.Vault) { v.Status = "deleting" }),
		of("unknown", func(v *simulator.Vault) { v.Status, v.Size, v.Used = "", 0, 0 }),
		of("hybrid", func(v *simulator.Vault) { v.ProtectType = "hybrid"; bound("0")(v) }),
	}
}

// verdictsOf returns the lines of a page about what is judged.
func verdictsOf(t *testing.T, page string) []string {
	t.Helper()
	lint(t, page)
	samplesOf(t, page).checkResources(t, "verdicts")
	return regexp.MustCompile(`(?m)^cbr_(resource_(overdue|failing|covered|due_.*)|task_stuck|vault_(available|full|nearly_full)|scrape_collector_incomplete_seconds)\{.*\n`).FindAllString(page, -1)
}

// TestVerdictsPage compares what is judged, and then which verdicts change: in an outage
// of eight hours, in which the run of today becomes due and active tasks may go on, and
// when the configuration is reloaded with a stricter one, which applies to what is known.
func TestVerdictsPage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.SetVaults(append(vaultsByUse(), tell(cloud, stories()))...)
		cloud.SetPolicies(policyOf("1", "daily", "1"))
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {tags: [team]}\n")
		e.CheckConnections(t.Context())
		settle := func() []string {
			e.scrape(t) // starts a reading of the vaults and does not wait for it
			time.Sleep(time.Minute)
			return verdictsOf(t, e.scrape(t))
		}
		known := settle()
		compare(t, filepath.Join("testdata", "verdicts.prom"), strings.Join(known, ""))
		compareChanges := func(file string) {
			t.Helper()
			now := settle()
			if len(now) != len(known) {
				t.Errorf("%s: %d verdicts, want %d as before", file, len(now), len(known))
			}
			changed := slices.DeleteFunc(now, func(line string) bool { return slices.Contains(known, line) })
			compare(t, filepath.Join("testdata", file), strings.Join(changed, ""))
		}

		cloud.SetFault(faultOf(http.StatusInternalServerError, ""))
		time.Sleep(8 * time.Hour)
		compareChanges("verdicts_api_down.prom")

		e.configuration = followed + "    discovery: {stuck_after: 2h}\n    vaults: {tags: [team], grace: 30m}\n"
		if err := e.Reload(); err != nil {
			t.Fatal(err)
		}
		compareChanges("verdicts_stricter.prom")
	})
}

// TestVerdictsWithoutSchedulesPage compares what is judged where policies are not read.
func TestVerdictsWithoutSchedulesPage(t *testing.T) {
	for name, c := range map[string]struct {
		configuration string
		fault         string // suffix of the paths that fail
	}{
		"verdicts_without_vaults":   {configuration: "    discovery: {expected_interval: 20h}\n"},               // a success may be 30 h old
		"verdicts_without_interval": {configuration: "    discovery: {expected_interval: 0}\n"},                 // nothing is overdue
		"verdicts_without_policies": {configuration: "    discovery: {}\n    vaults: {}\n", fault: "/policies"}, // nothing is due or covered
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
				cloud.SetVaults(tell(cloud, stories()))
				cloud.SetPolicies(policyOf("1", "daily", "1"))
				if c.fault != "" {
					cloud.SetFault(faultOf(http.StatusInternalServerError, c.fault))
				}
				e := start(t, hosts{"cbr.test": cloud}, followed+c.configuration)
				e.CheckConnections(t.Context())
				e.scrape(t)
				time.Sleep(time.Minute)
				compare(t, filepath.Join("testdata", name+".prom"), strings.Join(verdictsOf(t, e.scrape(t)), ""))
			})
		})
	}
}
