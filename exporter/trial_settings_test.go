package exporter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// source is where a configuration has its credentials.
type source string

const (
	inline      source = "inline"
	inFiles     source = "in files"
	environment source = "from the environment"
)

// setting is a part of some credentials, under its key in a configuration.
type setting struct {
	key, variable string
	secret        bool // there is a key that ends in _file as well
	value         string
}

// set changes a setting where the configuration has it. What is in no file is in
// force after the next apply.
func (x *trial) set(key, value string) {
	for i := range x.settings {
		if s := &x.settings[i]; s.key == key {
			s.value = value
		}
	}
}

// apply puts the settings in force: files are read at each use, and the rest after
// a reload.
func (x *trial) apply() (reloaded bool) {
	x.Helper()
	before := x.e.projects + fmt.Sprint(x.e.environment)
	x.write()
	if x.e.projects+fmt.Sprint(x.e.environment) != before {
		x.reload()
		return true
	}
	return false
}

// write writes the configuration, the files and the environment.
func (x *trial) write() {
	x.Helper()
	var keys []string
	x.e.environment = map[string]string{}
	for _, s := range x.settings {
		if s.secret {
			x.cloud.secrets.add(s.key, s.value)
		}
		switch {
		case x.source == environment:
			x.e.environment[s.variable] = s.value
		case x.source == inFiles && s.secret:
			if err := os.WriteFile(x.file(s.key), []byte(s.value+"\n"), 0o600); err != nil {
				x.Fatal(err)
			}
			keys = append(keys, fmt.Sprintf("%s_file: '%s'", s.key, x.file(s.key)))
		default:
			keys = append(keys, fmt.Sprintf("%s: '%s'", s.key, s.value))
		}
	}
	credentials := "{" + strings.Join(keys, ", ") + "}"
	if x.settings == nil {
		credentials = fmt.Sprintf("{ecs_agency: {endpoint: '%s'}}", x.cloud.metadataURL)
	}
	if x.source == environment {
		credentials = ""
	}
	x.e.projects = x.cloud.configuration(credentials)
}

// file returns the name of the file with the secret under the key.
func (x *trial) file(key string) string { return filepath.Join(x.folder, key) }

// freshKeys has the keys of an agency stay the same for as long as they may.
func (x *trial) freshKeys() {
	x.Helper()
	if x.kind.name == "ECS agency" {
		x.untilExpiry(10 * time.Minute)
		x.well("the next keys", exactly(0))
	}
}

// untilExpiry lets the time pass until so much is left of the keys in force. The
// next ones come ten minutes before the end.
func (x *trial) untilExpiry(left time.Duration) {
	x.Helper()
	x.cloud.pass(expiryOn(x.T, x.e.scrape(x.T, "")).Sub(x.cloud.now()) - left)
}
