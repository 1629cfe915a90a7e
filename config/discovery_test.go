package config_test

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/config"
)

var discoverySettings = settings{
	"discovery without keys": {
		yaml:   oneProject + "    discovery: {}\n",
		differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
	},
	"discovery, no value": {
		yaml:   oneProject + "    discovery:\n      # lookback: 720h\n",
		differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
	},
	"discovery alone": {
		yaml: discoveryAlone,
		differ: func(c *config.Config) {
			c.Projects[0].Discovery, c.Projects[0].TaskIDs = followed(), nil
		},
	},
	"discovery and no task": {
		yaml: discoveryAlone + "    task_ids: []\n",
		differ: func(c *config.Config) {
			c.Projects[0].Discovery, c.Projects[0].TaskIDs = followed(), nil
		},
	},
	"every key of discovery": {
		yaml: discoveryAlone[:len(discoveryAlone)-len(" {}\n")] + `
      lookback: 40d
      window: 40d
      operation_types: [backup, copy, replication, restore, delete, sync, vault_delete, remove_resource, migrate_resources]
      vault_ids: [8A7F1C06-6A0C-4C1F-9C3E-2F3D5F0B7A11, 4827f2da-b008-4507-ab7d-42d0df5ed912]
      max_tasks: 10000000
`,
		differ: func(c *config.Config) {
			c.Projects[0].TaskIDs = nil
			c.Projects[0].Discovery = &config.Discovery{
				Lookback: model.Duration(960 * time.Hour),
				Window:   model.Duration(960 * time.Hour),
				OperationTypes: []string{
					"backup", "copy", "replication", "restore", "delete", "sync", "vault_delete", "remove_resource", "migrate_resources",
				},
				VaultIDs: []string{syncID, backupID},
				MaxTasks: 10_000_000,
			}
		},
	},
	"discovery of everything": {
		yaml:   oneProject + "    discovery: {operation_types: [], vault_ids: }\n",
		differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
	},
	"a short lookback": {
		yaml: oneProject + "    discovery: {lookback: 1h, window: 1h, max_tasks: 1}\n",
		differ: func(c *config.Config) {
			hour := model.Duration(time.Hour)
			c.Projects[0].Discovery = &config.Discovery{Lookback: hour, Window: hour, MaxTasks: 1}
		},
	},
}

var discoveryMistakes = mistakes{
	"discovery that is no mapping": {
		yaml: oneProject + "    discovery: true\n",
		want: `config.yml:6: projects[0].discovery: want a mapping, got a single value; write its keys one per line, each with a colon and a space after it`,
	},
	"discovery with an unknown key": {
		yaml: oneProject + "    discovery: {lookbak: 1h}\n",
		want: `config.yml:6: projects[0].discovery.lookbak: unknown key; did you mean lookback?`,
	},
	"lookback zero": {
		yaml: oneProject + "    discovery: {lookback: 0}\n",
		want: `config.yml:6: projects[0].discovery.lookback: 0s is too short; write a duration above zero, for example 30s`,
	},
	"lookback without unit": {
		yaml: oneProject + "    discovery: {lookback: 720}\n",
		want: `config.yml:6: projects[0].discovery.lookback: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
	"lookback of a century": {
		yaml: oneProject + "    discovery: {lookback: 100y, window: 11y}\n",
		want: `config.yml:6: projects[0].discovery.lookback: 100y is too long; write 10y or less
config.yml:6: projects[0].discovery.window: 11y is too long; write 10y or less`,
	},
	"window negative": {
		yaml: oneProject + "    discovery: {window: -1d}\n",
		want: `config.yml:6: projects[0].discovery.window: -1d is too short; write a duration above zero, for example 30s`,
	},
	"window longer than lookback": {
		yaml: oneProject + "    discovery: {lookback: 12h, window: 13h}\n",
		want: `config.yml:6: projects[0].discovery.window: 13h is longer than lookback, which is 12h; shorten window or lengthen lookback`,
	},
	"window longer than the lookback that is left out": {
		yaml: oneProject + "    discovery: {window: 721h}\n",
		want: `config.yml:6: projects[0].discovery.window: 30d1h is longer than lookback, which is 30d; shorten window or lengthen lookback`,
	},
	"lookback shorter than the window that is left out": {
		yaml: oneProject + "    discovery: {lookback: 12h}\n",
		want: `config.yml:6: projects[0].discovery.lookback: 12h is shorter than window, which is 1d where it is left out; set window as well, to 12h or less`,
	},
	"bad lookback and a window that may be right": {
		yaml: oneProject + "    discovery: {lookback: soon, window: 9999h}\n",
		want: `config.yml:6: projects[0].discovery.lookback: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
	"operation type like another": {
		yaml: oneProject + "    discovery: {operation_types: [Backup]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[0]: "Backup" is not a type of operation; did you mean backup?`,
	},
	"operation type like no other": {
		yaml: oneProject + "    discovery: {operation_types: [sync, everything]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[1]: "everything" is not a type of operation; known here: backup, copy, delete, migrate_resources, remove_resource, replication, restore, sync, vault_delete`,
	},
	"operation type twice": {
		yaml: oneProject + "    discovery: {operation_types: [sync, backup, sync]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[2]: "sync" is already at line 6; remove one of them`,
	},
	"operation type null": {
		yaml: oneProject + "    discovery: {operation_types: [sync, ~]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[1]: no value; add one or remove the line`,
	},
	"operation types that are no list": {
		yaml: oneProject + "    discovery: {operation_types: sync}\n",
		want: `config.yml:6: projects[0].discovery.operation_types: want a list, got a single value; begin each item with "- "`,
	},
	"vault id that is no UUID": {
		yaml: oneProject + "    discovery: {vault_ids: [prod]}\n",
		want: `config.yml:6: projects[0].discovery.vault_ids[0]: "prod" is not a UUID; copy the vault's id from its page in the console, or from the API`,
	},
	"vault twice": {
		yaml: oneProject + "    discovery: {vault_ids: [" + backupID + ", " + strings.ToUpper(backupID) + "]}\n",
		want: `config.yml:6: projects[0].discovery.vault_ids[1]: "4827f2da-b008-4507-ab7d-42d0df5ed912" is already at line 6; remove one of them`,
	},
	"max_tasks zero": {
		yaml: oneProject + "    discovery: {max_tasks: 0}\n",
		want: `config.yml:6: projects[0].discovery.max_tasks: not a whole number from 1 to 10000000; write one, without quotes`,
	},
	"max_tasks too large": {
		yaml: oneProject + "    discovery: {max_tasks: 10000001}\n",
		want: `config.yml:6: projects[0].discovery.max_tasks: not a whole number from 1 to 10000000; write one, without quotes`,
	},
	"discovery that is no mapping, and no task": {
		yaml: with("task_ids: ["+backupID+"]", "discovery: []"),
		want: `config.yml:5: projects[0].discovery: want a mapping, got a list; write its keys one per line, each with a colon and a space after it`,
	},
	"every key of discovery wrong": {
		yaml: oneProject + "    discovery:\n      lookback: 1h\n      window: 2h\n      operation_types: [x]\n      vault_ids: [x]\n      max_tasks: many\n",
		want: `config.yml:8: projects[0].discovery.window: 2h is longer than lookback, which is 1h; shorten window or lengthen lookback
config.yml:9: projects[0].discovery.operation_types[0]: "x" is not a type of operation; known here: backup, copy, delete, migrate_resources, remove_resource, replication, restore, sync, vault_delete
config.yml:10: projects[0].discovery.vault_ids[0]: "x" is not a UUID; copy the vault's id from its page in the console, or from the API
config.yml:11: projects[0].discovery.max_tasks: not a whole number from 1 to 10000000; write one, without quotes`,
	},
}
