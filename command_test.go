package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestCommands runs what ends by itself.
func TestCommands(t *testing.T) {
	version, err := os.ReadFile("VERSION")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	empty := write(t, "empty.yml", "# nothing\n")
	bad := write(t, "bad.yml", `
projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: {token: not-to-be-seen}
    task_ids: [nonsense]
`)
	badWeb := write(t, "web.yml", "tls_server_config: {cert: x}\n")
	pipe := filepath.Join(folder, "pipe") // to which nobody writes
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}

	cases := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{name: "version", args: []string{"--version"}, stdout: "cbr_exporter, version " + strings.TrimSpace(string(version))},
		{name: "help", args: []string{"--help"}, stdout: "[no-]config.check"},
		{name: "unknown flag", args: []string{"--nope"}, code: 2, stderr: "cbr_exporter: unknown long flag '--nope'; try --help\n"},
		{name: "bad log level", args: []string{"--log.level=loud"}, code: 2, stderr: "enum value must be one of debug,info,warn,error, got 'loud'; try --help\n"},
		{name: "demo with a configuration", args: []string{"--demo", "--config.file=config.yml"}, code: 2, stderr: "--demo brings its own configuration"},
		{name: "telemetry path without slash", args: []string{"--web.telemetry-path=metrics"}, code: 2, stderr: `--web.telemetry-path: "metrics" is no path; begin it with a slash`},
		{name: "telemetry path of another page", args: []string{"--web.telemetry-path=/config"}, code: 2, stderr: `--web.telemetry-path: "/config" is the path of another page`},
		{name: "check of the example", args: []string{"--config.check"}, stdout: "config.yml is valid.\nproject prod: the task list, 30d back; vaults and policies every 5m, ECS agency credentials (neither the file nor the environment has others), https://cbr.cn-north-4.myhuaweicloud.com\n"},
		{name: "check of a bad file", args: []string{"--config.check", "--config.file=" + bad}, code: 1, stderr: bad + `:6: projects[0].task_ids[0]: "nonsense" is not a UUID`},
		{name: "check of a missing file", args: []string{"--config.check", "--config.file=missing.yml"}, code: 1, stderr: "missing.yml"},
		{name: "check of a folder", args: []string{"--config.check", "--config.file=" + folder}, code: 1, stderr: folder},
		{name: "check of an empty file", args: []string{"--config.check", "--config.file=" + empty}, code: 1, stderr: empty},
		{name: "check of a bad web configuration", args: []string{"--config.check", "--web.config.file=" + badWeb}, code: 1, stderr: badWeb + ": missing"},
		{name: "check of a pipe", args: []string{"--config.check", "--config.file=" + pipe}, code: 1, stderr: pipe + ": not a regular file; name one with --config.file\n"},
		{name: "check of a device", args: []string{"--config.check", "--config.file=/dev/zero"}, code: 1, stderr: "/dev/zero: not a regular file; name one with --config.file\n"},
		{name: "check of a web configuration in a pipe", args: []string{"--config.check", "--web.config.file=" + pipe}, code: 1, stderr: pipe + ": not a regular file; name one with --web.config.file\n"},
		{name: "run with a pipe", args: []string{"--config.file=" + pipe}, code: 1, stderr: pipe + ": not a regular file"},
		{name: "run with a web configuration in a pipe", args: []string{"--demo", "--web.config.file=" + pipe}, code: 1, stderr: pipe + ": not a regular file"},
		{name: "run with a bad web configuration", args: []string{"--demo", "--web.config.file=" + badWeb}, code: 1, stderr: badWeb + ": missing"},
		{name: "run with a bad file", args: []string{"--config.file=" + bad}, code: 1, stderr: `is not a UUID`},
		{name: "run without a file", args: []string{"--config.file=missing.yml"}, code: 1, stderr: "missing.yml"},
		{name: "port of another kind", args: []string{"--demo", "--web.listen-address=nonsense"}, code: 1, stderr: "nonsense"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := finish(t, c.args...)
			if code != c.code {
				t.Errorf("got exit code %d, want %d", code, c.code)
			}
			contains(t, "stdout", stdout, c.stdout)
			contains(t, "stderr", stderr, c.stderr)
			if c.stdout == "" && stdout != "" {
				t.Errorf("got %q on stdout, want nothing", stdout)
			}
			for _, text := range []string{"not-to-be-seen", "panic", "goroutine"} {
				if strings.Contains(stdout+stderr, text) {
					t.Errorf("the output has %q:\n%s%s", text, stdout, stderr)
				}
			}
		})
	}
}

// TestEnvironment has the credentials of a configuration come from the
// environment of the program.
func TestEnvironment(t *testing.T) {
	file := write(t, "config.yml", `
projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
`)
	code, summary, _ := finish(t, "--config.check", "--config.file="+file)
	if code != 0 {
		t.Errorf("with none: got exit code %d, want 0", code)
	}
	contains(t, "stdout", summary, "1 task by id, ECS agency credentials (neither the file nor the environment has others), https://")

	t.Setenv("HUAWEICLOUD_SDK_AK", "not-to-be-seen")
	code, stdout, stderr := finish(t, "--config.check", "--config.file="+file)
	if code != 1 {
		t.Errorf("with half of an access key: got exit code %d, want 1", code)
	}
	contains(t, "stderr", stderr, file+":3: projects[0].credentials: incomplete credentials in the environment: HUAWEICLOUD_SDK_AK without HUAWEICLOUD_SDK_SK;")

	t.Setenv("HUAWEICLOUD_SDK_SK", "not-to-be-seen")
	code, stdout2, stderr2 := finish(t, "--config.check", "--config.file="+file)
	if code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	contains(t, "stdout", stdout2, "1 task by id, access key credentials from the environment (HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK), https://")
	if all := stdout + stderr + stdout2 + stderr2; strings.Contains(all, "not-to-be-seen") {
		t.Errorf("the access key is shown:\n%s", all)
	}

	p := serveBinary(t, "--config.file="+file)
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/config")
	contains(t, "/config", page, "credentials: {} # from the environment: HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK\n")
}
