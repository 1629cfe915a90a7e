package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// TestAutoReload changes a configuration file that is mounted as Kubernetes mounts a
// ConfigMap, and looks three times after each change.
func TestAutoReload(t *testing.T) {
	t.Parallel()
	first := oneTask("http://127.0.0.1:9")
	other := strings.Replace(first, "region: cn-north-4", "name: renamed", 1)
	mount := newConfigMap(t, first)
	file := config.Open(mount.file, nil)
	outcomes := make(chan string, 10)
	load := func() error {
		c, err := file.Load(nil)
		if err != nil {
			outcomes <- err.Error()
			return err
		}
		outcomes <- "loaded " + c.Projects[0].Name
		return nil
	}
	_ = load()
	ticks := make(chan time.Time)
	execute, interrupt := reloader(load, file, ticks, log.NewNopLogger())
	ended := make(chan struct{})
	go func() {
		_ = execute()
		close(ended)
	}()
	defer func() {
		interrupt(nil)
		<-ended
	}()

	for _, step := range []struct {
		name   string
		change func()
		want   []string // the first words of what reloads have led to
	}{
		{"started", func() {}, []string{"loaded cn-north-4"}},
		{"nothing changed", func() {}, nil},
		{"another content", func() { mount.swap(other) }, []string{"loaded renamed"}},
		{"the same content in another folder", func() { mount.swap(other) }, nil},
		{"refused", func() { mount.swap("projects: []\n") }, []string{mount.file + ":1: projects: no project"}},
		{"missing", func() { mount.remove() }, []string{mount.file + ": cannot be read: no such file"}},
		{"as at first", func() { mount.swap(first) }, []string{"loaded cn-north-4"}},
	} {
		step.change()
		for range 3 { // the third is received when two have been handled
			ticks <- time.Time{}
		}
		var got []string
		for len(outcomes) > 0 {
			got = append(got, <-outcomes)
		}
		if !slices.EqualFunc(got, step.want, strings.HasPrefix) {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}

// TestAutoReloadInterval has the program find a change by itself.
func TestAutoReloadInterval(t *testing.T) {
	t.Parallel()
	first := oneTask("http://127.0.0.1:9")
	mount := newConfigMap(t, first)
	p := startProgram(t, "--config.auto-reload-interval=20ms", "--config.file="+mount.file)
	mount.swap("projects: []\n")
	p.WaitForOutput(t, "no project; list at least one", 1)
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/-/metrics")
	contains(t, "the page", page, `cbr_exporter_credentials_rejected{project="cn-north-4"} 0`, "cbr_exporter_config_last_reload_successful 0")

	mount.swap(strings.Replace(first, "region: cn-north-4", "name: renamed", 1))
	p.WaitForOutput(t, `msg="configuration reloaded"`, 1)
	_, page = get(t, http.DefaultClient, "http://"+p.address+"/-/metrics")
	contains(t, "the page", page, `cbr_exporter_credentials_rejected{project="renamed"} 0`, "cbr_exporter_config_last_reload_successful 1")
	contains(t, "the log", p.Output(), `level=info msg="the configuration file has changed" file=`+mount.file)
	if n := strings.Count(p.Output(), "no project; list at least one"); n != 1 {
		t.Errorf("the refused file was logged %d times, want once", n)
	}
}

// configMap is a folder with a file as Kubernetes mounts a ConfigMap: what is visible is
// a link to the file in a folder that is a link, too.
type configMap struct {
	t      *testing.T
	folder string
	file   string
}

func newConfigMap(t *testing.T, content string) *configMap {
	t.Helper()
	folder := t.TempDir()
	m := &configMap{t, folder, filepath.Join(folder, "config.yml")}
	if err := os.Symlink(filepath.Join("..data", "config.yml"), m.file); err != nil {
		t.Fatal(err)
	}
	m.swap(content)
	return m
}

// swap makes the file have the content, at once.
func (m *configMap) swap(content string) {
	m.t.Helper()
	version, err := os.MkdirTemp(m.folder, "..")
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(version, "config.yml"), []byte(content), 0o600); err != nil {
		m.t.Fatal(err)
	}
	next := filepath.Join(m.folder, "..data_tmp")
	if err := os.Symlink(filepath.Base(version), next); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(m.folder, "..data")); err != nil {
		m.t.Fatal(err)
	}
}

// remove makes the file lead nowhere.
func (m *configMap) remove() {
	m.t.Helper()
	if err := os.Remove(filepath.Join(m.folder, "..data")); err != nil {
		m.t.Fatal(err)
	}
}
