package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/config"
)

var vaultsSettings = settings{
	"vaults without keys": {
		yaml:   oneProject + "    vaults: {}\n",
		differ: func(c *config.Config) { c.Projects[0].Vaults = watchedVaults() },
	},
	"vaults, no value": {
		yaml:   oneProject + "    vaults:\n      # refresh: 5m\n",
		differ: func(c *config.Config) { c.Projects[0].Vaults = watchedVaults() },
	},
	"vaults alone": {
		yaml: strings.Replace(discoveryAlone, "discovery", "vaults", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Vaults, c.Projects[0].TaskIDs = watchedVaults(), nil
		},
	},
	"every key of vaults": {
		yaml: oneProject + "    vaults: {refresh: 30s, tags: [team, Team, 部门, " + strings.Repeat("é", 36) + "]}\n",
		differ: func(c *config.Config) {
			c.Projects[0].Vaults = &config.Vaults{
				Refresh: model.Duration(30 * time.Second),
				Tags:    []string{"team", "Team", "部门", strings.Repeat("é", 36)},
			}
		},
	},
	"vaults once a day": {
		yaml: oneProject + "    vaults: {refresh: 24h, tags: []}\n",
		differ: func(c *config.Config) {
			c.Projects[0].Vaults = &config.Vaults{Refresh: model.Duration(24 * time.Hour)}
		},
	},
}

var vaultsMistakes = mistakes{
	"vaults that are no mapping": {
		yaml: oneProject + "    vaults: true\n",
		want: `config.yml:6: projects[0].vaults: want a mapping, got a single value; write its keys one per line, each with a colon and a space after it`,
	},
	"vaults that are no mapping, and no task": {
		yaml: with("task_ids: ["+backupID+"]", "vaults: []"),
		want: `config.yml:5: projects[0].vaults: want a mapping, got a list; write its keys one per line, each with a colon and a space after it`,
	},
	"vaults with an unknown key": {
		yaml: oneProject + "    vaults: {refesh: 1h}\n",
		want: `config.yml:6: projects[0].vaults.refesh: unknown key; did you mean refresh?`,
	},
	"refresh zero": {
		yaml: oneProject + "    vaults: {refresh: 0}\n",
		want: `config.yml:6: projects[0].vaults.refresh: 0s is too short; write a duration above zero, for example 30s`,
	},
	"refresh too often": {
		yaml: oneProject + "    vaults: {refresh: 29s}\n",
		want: `config.yml:6: projects[0].vaults.refresh: 29s is too short; write 30s or more`,
	},
	"refresh too rarely": {
		yaml: oneProject + "    vaults: {refresh: 25h}\n",
		want: `config.yml:6: projects[0].vaults.refresh: 1d1h is too long; write 1d or less`,
	},
	"refresh without unit": {
		yaml: oneProject + "    vaults: {refresh: 300}\n",
		want: `config.yml:6: projects[0].vaults.refresh: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
	"tags that are no list": {
		yaml: oneProject + "    vaults: {tags: team}\n",
		want: `config.yml:6: projects[0].vaults.tags: want a list, got a single value; begin each item with "- "`,
	},
	"tag that is empty": {
		yaml: oneProject + "    vaults: {tags: [team, '']}\n",
		want: `config.yml:6: projects[0].vaults.tags[1]: no value; add one or remove the line`,
	},
	"tag with a value": {
		yaml: oneProject + "    vaults: {tags: [team: web]}\n",
		want: `config.yml:6: projects[0].vaults.tags[0]: want a single value, got a mapping; put a value that begins with [, { or ! in quotes`,
	},
	"tag that is too long": {
		yaml: oneProject + "    vaults: {tags: [" + strings.Repeat("é", 37) + "]}\n",
		want: `config.yml:6: projects[0].vaults.tags[0]: longer than 36 characters, which no tag's key is; copy it from the vault's tags in the console`,
	},
	"tag twice": {
		yaml: oneProject + "    vaults: {tags: [team, env, team]}\n",
		want: `config.yml:6: projects[0].vaults.tags[2]: "team" gives the label tag_team, as line 6 does already; remove one of them`,
	},
	"two tags that give one label": {
		yaml: oneProject + "    vaults:\n      tags:\n        - cost.center\n        - cost-center\n",
		want: `config.yml:9: projects[0].vaults.tags[1]: "cost-center" gives the label tag_cost_center, as line 8 does already; remove one of them`,
	},
}

func TestTagLabel(t *testing.T) {
	for key, want := range map[string]string{
		"team":        "tag_team",
		"Team_2":      "tag_Team_2",
		"cost.center": "tag_cost_center",
		"a b:c":       "tag_a_b_c",
		"部门":          "tag___",
		"2nd":         "tag_2nd",
	} {
		if got := config.TagLabel(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}
