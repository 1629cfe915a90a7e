package config_test

import (
	"strings"
)

var taskIDsMistakes = mistakes{
	"task_ids empty": {
		yaml: with(backupID, ""),
		want: `config.yml:5: projects[0].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API`,
	},
	"task_ids null": {
		yaml: with("["+backupID+"]", ""),
		want: `config.yml:5: projects[0].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API`,
	},
	"not a UUID": {
		yaml: with("["+backupID+"]", "\n      - "+backupID+"\n      - abc\n      -\n      - {a: b}\n"),
		want: `config.yml:7: projects[0].task_ids[1]: "abc" is not a UUID; copy the task's id from the console's task list or the API
config.yml:8: projects[0].task_ids[2]: no value; add one or remove the line
config.yml:9: projects[0].task_ids[3]: want a single value, got a mapping; put a value that begins with [, { or ! in quotes`,
	},
	"long and not a UUID": {
		yaml: with(backupID, strings.Repeat("0123456789", 5)),
		want: `config.yml:5: projects[0].task_ids[0]: "0123456789012345678901234567890123456789" is not a UUID; copy the task's id from the console's task list or the API`,
	},
	"a task twice": {
		yaml: with("["+backupID+"]", "\n      - "+backupID+"\n      - "+syncID+"\n      - "+strings.ToUpper(backupID)),
		want: `config.yml:8: projects[0].task_ids[2]: "4827f2da-b008-4507-ab7d-42d0df5ed912" is already at line 6; remove one of them`,
	},
}
