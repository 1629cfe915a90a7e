package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestCommands runs the program in ways in which it exits by itself.
func TestCommands(t *testing.T) {
	t.Parallel()
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
	doubtful := write(t, "doubtful.yml", `
projects:
  - region: cn-nort-4
    project_id: private
    credentials: {token: not-to-be-seen}
    vaults: {}
`)

	cases := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{name: "help", args: []string{"--help"}, stdout: "[no-]config.check"},
		{name: "unknown flag", args: []string{"--nope"}, code: 2, stderr: "cbr_exporter: unknown long flag '--nope'; try --help\n"},
		{name: "bad log level", args: []string{"--log.level=loud"}, code: 2, stderr: "--log.level: enum value must be one of debug,info,warn,error, got 'loud'; try --help\n"},
		{name: "demo with a configuration", args: []string{"--demo", "--config.file=config.yml"}, code: 2, stderr: "--demo has its own configuration"},
		{name: "demo with a check", args: []string{"--demo", "--config.check-connection"}, code: 2, stderr: "--demo has its own configuration"},
		{name: "demo with reloads", args: []string{"--demo", "--config.auto-reload-interval=1m"}, code: 2, stderr: "--demo has its own configuration"},
		{name: "fewer than no scrapes", args: []string{"--web.max-requests=-1"}, code: 2, stderr: "--web.max-requests: strconv"},
		{name: "interval without a unit", args: []string{"--config.auto-reload-interval=30"}, code: 2, stderr: "--config.auto-reload-interval: "},
		{name: "reloads of a device", args: []string{"--config.file=/dev/null", "--config.auto-reload-interval=1m"}, code: 1, stderr: "--config.auto-reload-interval: /dev/null can be read once only; leave the flag out"},
		{name: "no address", args: []string{"--web.listen-address="}, code: 2, stderr: "--web.listen-address: no address; write for example :10065"},
		{name: "no configuration file", args: []string{"--config.file="}, code: 2, stderr: "--config.file: no name; write the path of the configuration"},
		{name: "telemetry path without slash", args: []string{"--web.telemetry-path=metrics"}, code: 2, stderr: `--web.telemetry-path: "metrics" is not a valid path; start it with a slash`},
		{name: "telemetry path of another page", args: []string{"--web.telemetry-path=/config"}, code: 2, stderr: `--web.telemetry-path: "/config" is the path of another page`},
		{name: "external URL without scheme", args: []string{"--web.external-url=example.com/cbr"}, code: 2, stderr: "cbr_exporter: --web.external-url: write an http or https URL such as https://example.com/cbr, without user, query and fragment; try --help\n"},
		{name: "external URL with a password", args: []string{"--web.external-url=http://me:not-to-be-seen@example.com"}, code: 2, stderr: "--web.external-url: write an http or https URL"},
		{name: "route prefix with spaces", args: []string{"--web.route-prefix=/a b"}, code: 2, stderr: `--web.route-prefix: "/a b" is not a valid path`},
		{name: "check of the example", args: []string{"--config.check"}, stdout: "config.yml is valid.\nproject prod: the task list, 30d back; vaults and policies every 5m; backups every 15m; server and turbo resources every 1h, ECS agency for lack of credentials in file and environment, https://cbr.cn-north-4.myhuaweicloud.com\n"},
		{name: "check of a bad file", args: []string{"--config.check", "--config.file=" + bad}, code: 1, stderr: bad + `:6: projects[0].task_ids[0]: not a UUID`},
		{name: "check of a missing file", args: []string{"--config.check", "--config.file=missing.yml"}, code: 1, stderr: "missing.yml"},
		{name: "check of a folder", args: []string{"--config.check", "--config.file=" + folder}, code: 1, stderr: folder},
		{name: "check of an empty file", args: []string{"--config.check", "--config.file=" + empty}, code: 1, stderr: empty},
		{name: "check of a bad web configuration", args: []string{"--config.check", "--web.config.file=" + badWeb}, code: 1, stderr: "--web.config.file=" + badWeb + ": missing"},
		{name: "check of a device", args: []string{"--config.check", "--config.file=/dev/zero"}, code: 1, stderr: "/dev/zero: cannot be read: larger than 4096 KiB\n"},
		{
			name: "check with warnings", args: []string{"--config.check", "--config.file=" + doubtful},
			stdout: doubtful + " is valid.\nproject cn-nort-4: vaults and policies every 5m, token from credentials.token, https://cbr.cn-nort-4.myhuaweicloud.com\n",
			stderr: "warning: " + doubtful + ":3: projects[0].region: cn-nort-4 is not known to this version; correct it, or set endpoint and iam_endpoint\n" +
				"warning: " + doubtful + ":3: projects[0].discovery: missing, so nothing is judged to be overdue or failing; add discovery: {} to judge it by the policies\n" +
				"warning: " + doubtful + ":4: projects[0].project_id: not 32 hexadecimal digits,",
		},
		{name: "run with a bad web configuration", args: []string{"--demo", "--web.config.file=" + badWeb}, code: 1, stderr: "--web.config.file=" + badWeb + ": missing"},
		{name: "run with a bad file", args: []string{"--config.file=" + bad}, code: 1, stderr: `not a UUID`},
		{name: "run without a file", args: []string{"--config.file=missing.yml"}, code: 1, stderr: "missing.yml: cannot be read: no such file or directory; name another file with --config.file, or in a container mount yours there"},
		{name: "run with a folder", args: []string{"--config.file=" + folder}, code: 1, stderr: folder + ": cannot be read: a directory, not a file (Docker makes one if the file to mount is missing on the host)"},
		{name: "port of another kind", args: []string{"--demo", "--web.listen-address=nonsense"}, code: 1, stderr: "nonsense"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runProgram(c.args...)
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

// TestEnvironment reads credentials from the environment of the program.
func TestEnvironment(t *testing.T) {
	file := write(t, "config.yml", `
projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
`)
	code, summary, _ := runProgram("--config.check", "--config.file="+file)
	if code != 0 {
		t.Errorf("with none: got exit code %d, want 0", code)
	}
	contains(t, "stdout", summary, "1 task by id, ECS agency for lack of credentials in file and environment, https://")

	t.Setenv("HUAWEICLOUD_SDK_AK", "not-to-be-seen")
	code, stdout, stderr := runProgram("--config.check", "--config.file="+file)
	if code != 1 {
		t.Errorf("with half of an access key: got exit code %d, want 1", code)
	}
	contains(t, "stderr", stderr, file+":3: projects[0].credentials: incomplete credentials from the environment: HUAWEICLOUD_SDK_AK without HUAWEICLOUD_SDK_SK;")

	t.Setenv("HUAWEICLOUD_SDK_SK", "not-to-be-seen")
	code, stdout2, stderr2 := runProgram("--config.check", "--config.file="+file)
	if code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	contains(t, "stdout", stdout2, "1 task by id, access key from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK in the environment, https://")
	if all := stdout + stderr + stdout2 + stderr2; strings.Contains(all, "not-to-be-seen") {
		t.Errorf("the access key is shown:\n%s", all)
	}

	p := startProgram(t, "--config.file="+file)
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/config")
	contains(t, "/config", page, "credentials: {} # access key from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK in the environment\n")
}

// TestCheckOfPipes checks a configuration from standard input and from a pipe as a shell
// makes it for <(sops -d config.yml).
func TestCheckOfPipes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ flag, file, content, says string }{
		"stdin":                     {"--config.check", "-", oneTask("http://127.0.0.1:9"), "standard input is valid.\nproject cn-north-4: 1 task by id, token from credentials.token, http://127.0.0.1:9\n"},
		"substitution":              {"--config.check", "/dev/fd/3", oneTask("http://127.0.0.1:9"), "/dev/fd/3 is valid.\nproject cn-north-4: 1 task by id"},
		"connection":                {"--config.check-connection", "-", oneTask("http://127.0.0.1:9"), "project cn-north-4 does not work: "},
		"stdin with a mistake":      {"--config.check", "-", "projects: []\n", "standard input:1: projects: no project"},
		"a program that has failed": {"--config.check", "/dev/fd/3", "", "/dev/fd/3: cannot be read: nothing was written to it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			cmd := command(test.flag, "--config.file="+test.file)
			if test.file == "-" {
				cmd.Stdin = r
			} else {
				cmd.ExtraFiles = []*os.File{r}
			}
			_, _ = io.WriteString(w, test.content) // a pipe has room for it
			_ = w.Close()
			out, _ := cmd.CombinedOutput()
			contains(t, "the output", string(out), test.says)
		})
	}
}
