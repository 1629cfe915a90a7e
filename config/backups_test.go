package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// readBackups is the reading of backups with its defaults.
func readBackups() *config.Backups {
	return &config.Backups{Refresh: config.Duration(15 * time.Minute)}
}

// readProtectables is the reading of protectable resources with its defaults.
func readProtectables() *config.Protectables {
	return &config.Protectables{Types: []string{"server", "turbo"}, Refresh: config.Duration(time.Hour)}
}

// judgedProject has what backups and protectables need.
const judgedProject = oneProject + "    discovery: {}\n    vaults: {}\n"

// beside returns how a configuration with discovery and vaults differs from prod.
func beside(differ func(*config.Project)) func(*config.Config) {
	return func(c *config.Config) {
		p := &c.Projects[0]
		p.Discovery, p.Vaults = followed(), watchedVaults()
		differ(p)
	}
}

// Restore points, and resources that could be protected.
var backupsSettings = settings{
	"backups without keys": {
		yaml:   judgedProject + "    backups: {}\n",
		differ: beside(func(p *config.Project) { p.Backups = readBackups() }),
	},
	"protectables without keys": {
		yaml:   judgedProject + "    protectables: {}\n",
		differ: beside(func(p *config.Project) { p.Protectables = readProtectables() }),
	},
	"the shortest intervals": {
		yaml: judgedProject + "    backups: {refresh: 1m}\n    protectables: {refresh: 5m}\n",
		differ: beside(func(p *config.Project) {
			p.Backups, p.Protectables = readBackups(), readProtectables()
			p.Backups.Refresh, p.Protectables.Refresh = config.Duration(time.Minute), config.Duration(5*time.Minute)
		}),
	},
	"every key of protectables": {
		yaml: judgedProject + `
    backups: {refresh: 1d}
    protectables:
      types: [server, disk, turbo, workspace, workspace_v2]
      refresh: 1w
      exclude: [8A7F1C06-6A0C-4C1F-9C3E-2F3D5F0B7A11, '*-Test', 'web[0-9]?', 'a\*']
`,
		differ: beside(func(p *config.Project) {
			p.Backups = &config.Backups{Refresh: config.Duration(24 * time.Hour)}
			p.Protectables = &config.Protectables{
				Types:   []string{"server", "disk", "turbo", "workspace", "workspace_v2"},
				Refresh: config.Duration(7 * 24 * time.Hour),
				Exclude: []string{strings.ToUpper(syncID), "*-Test", "web[0-9]?", `a\*`},
			}
		}),
	},
}

var backupsMistakes = mistakes{
	"no value for backups": {
		yaml: judgedProject + "    backups:\n",
		want: `config.yml:8: projects[0].backups: no value; write {} for the defaults, or remove the line`,
	},
	"no value for protectables": {
		yaml: judgedProject + "    protectables:\n      # refresh: 1h\n",
		want: `config.yml:8: projects[0].protectables: no value; write {} for the defaults, or remove the line`,
	},
	"no mapping": {
		yaml: judgedProject + "    backups: true\n",
		want: `config.yml:8: projects[0].backups: not a mapping; write {} for the defaults, or its keys one per line, each with a colon and a space after it`,
	},
	"without vaults": {
		yaml: oneProject + "    backups: {}\n    protectables: {}\n",
		want: `config.yml:2: projects[0].vaults: missing; add vaults: {}, as backups are judged by the vaults and policies, or remove backups
config.yml:2: projects[0].vaults: missing; add vaults: {}, as the vaults tell which resources are protected, or remove protectables`,
	},
	"too short": {
		yaml: judgedProject + "    backups: {refresh: 59s}\n    protectables: {refresh: 4m}\n",
		want: `config.yml:8: projects[0].backups.refresh: 59s is out of range; write a value from 1m to 1d
config.yml:9: projects[0].protectables.refresh: 4m is out of range; write a value from 5m to 1w`,
	},
	"too long": {
		yaml: judgedProject + "    backups: {refresh: 25h}\n    protectables: {refresh: 8d}\n",
		want: `config.yml:8: projects[0].backups.refresh: 1d1h is out of range; write a value from 1m to 1d
config.yml:9: projects[0].protectables.refresh: 8d is out of range; write a value from 5m to 1w`,
	},
	"types": {
		yaml: judgedProject + "    protectables: {types: [server, ecs, server]}\n",
		want: `config.yml:8: projects[0].protectables.types[1]: not a type of resource; write one of server, disk, turbo, workspace, workspace_v2
config.yml:8: projects[0].protectables.types[2]: "server" is in the list twice; remove one`,
	},
	"no type": {
		yaml: judgedProject + "    protectables: {types: []}\n",
		want: `config.yml:8: projects[0].protectables.types: no type; write one at least of server, disk, turbo, workspace, workspace_v2, or remove protectables`,
	},
	"exclusions": {
		yaml: judgedProject + "    protectables:\n      exclude:\n        - 'web['\n        - '*'\n        - '**'\n        - db\n        - db\n",
		want: `config.yml:10: projects[0].protectables.exclude[0]: not a pattern; close each [ with a ], and write \[ and \\ for the characters themselves
config.yml:11: projects[0].protectables.exclude[1]: "*" is the pattern of every name; remove protectables instead
config.yml:12: projects[0].protectables.exclude[2]: "**" is the pattern of every name; remove protectables instead
config.yml:14: projects[0].protectables.exclude[4]: "db" is in the list twice; remove one`,
	},
	"an empty exclusion": {
		yaml: judgedProject + "    protectables: {exclude: ['']}\n",
		want: `config.yml:8: projects[0].protectables.exclude[0]: no value; add one or remove it`,
	},
	"a pattern without quotes": {
		yaml: judgedProject + "    protectables: {exclude: [*-test]}\n",
		want: `config.yml:8: not valid YAML: unknown anchor; put a value that begins with * or & in quotes`,
	},
	"a star without quotes": {
		yaml: judgedProject + "    protectables:\n      exclude:\n        - *.test\n",
		want: `config.yml:10: not valid YAML: did not find expected alphabetic or numeric character; put a value that begins with * or & in quotes`,
	},
}

// TestReads checks what is said of a project in the log and by --config.check.
func TestReads(t *testing.T) {
	c, err := config.Parse("config.yml", ".", []byte(judgedProject+"    backups: {}\n    protectables: {types: [server, disk, turbo], exclude: [a, b]}\n"), none)
	if err != nil {
		t.Fatal(err)
	}
	const want = "the task list, 30d back; 1 task by id; vaults and policies every 5m; backups every 15m; server, disk and turbo resources every 1h, with 2 exclusions"
	if got := c.Projects[0].Reads(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
