package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestManPage checks the parts of the manual page, and that it has all flags of --help.
func TestManPage(t *testing.T) {
	t.Parallel()
	out, err := command("--help-man").Output()
	if err != nil {
		t.Fatal(err)
	}
	page := string(out)
	if title := regexp.MustCompile(`^\.TH CBR_EXPORTER 1 "" "cbr_exporter \d[^ "]+" "User Commands"\n`); !title.MatchString(page) {
		t.Errorf("the title is not %s:\n%s", title, page)
	}
	contains(t, "the page", page, "\n.SH NAME\ncbr_exporter \\- Prometheus exporter for ",
		"\n.TP\n.B \\-h, \\-\\-help\n", "\n.TP\n.B \\-\\-log.level=info\nOnly log messages ", "\n.SH EXIT STATUS\n")
	_, help, _ := runProgram("--help")
	for _, flag := range regexp.MustCompile(`(?m)^ .*?--(?:\[no-\])?([a-z.-]+)`).FindAllStringSubmatch(help, -1) {
		contains(t, "the page", page, `\-\-`+strings.ReplaceAll(flag[1], "-", `\-`))
	}
	for line := range strings.Lines(page) {
		if !regexp.MustCompile(`^(\.(TH|SH|TP|B|RI)\b|[^.'])`).MatchString(line) {
			t.Errorf("the line would be taken for a macro: %s", line)
		}
	}
}

// TestManPageIsRead has groff read the page.
func TestManPageIsRead(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("groff is not installed")
	}
	page, err := command("--help-man").Output()
	if err != nil {
		t.Fatal(err)
	}
	groff := exec.CommandContext(t.Context(), "groff", "-man", "-ww", "-Tutf8", "-z")
	groff.Stdin = bytes.NewReader(page)
	if warnings, err := groff.CombinedOutput(); err != nil || len(warnings) > 0 {
		t.Errorf("groff: %v\n%s", err, warnings)
	}
}

// TestBashCompletion completes command lines in bash.
func TestBashCompletion(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	const script = `source <("$0" --completion-script-bash); COMP_WORDS=("$0" "$@"); COMP_CWORD=$#
		_cbr_exporter_bash_autocomplete; echo "${COMPREPLY[@]}"`
	for line, want := range map[string]string{
		"--config.ch":    "--config.check --config.check-connection\n",
		"--log.level wa": "warn\n",
		"--log.format ":  "logfmt json\n",
	} {
		cmd := exec.CommandContext(t.Context(), bash, append([]string{"-c", script, os.Args[0]}, strings.Split(line, " ")...)...)
		cmd.Env = append(os.Environ(), runMain+"=1")
		got, err := cmd.CombinedOutput()
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", line, got, err, want)
		}
	}
}

// TestZshCompletion completes a command line in zsh, which reads the script from its fpath.
func TestZshCompletion(t *testing.T) {
	t.Parallel()
	code, script, stderr := runProgram("--completion-script-zsh")
	if code != 0 || !strings.HasPrefix(script, "#compdef cbr_exporter\n") {
		t.Fatalf("got exit code %d and %s%s", code, script, stderr)
	}
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Skip("zsh is not installed")
	}
	const complete = `fpath=("$1"); autoload -U _cbr_exporter; compadd() { print $matches }
		typeset -A compstate=(nmatches 1); words=("$0" --log.level ""); CURRENT=3; _cbr_exporter`
	cmd := exec.CommandContext(t.Context(), zsh, "-f", "-c", complete, os.Args[0], filepath.Dir(write(t, "_cbr_exporter", script)))
	cmd.Env = append(os.Environ(), runMain+"=1")
	if got, err := cmd.CombinedOutput(); err != nil || string(got) != "debug info warn error\n" {
		t.Errorf("got %q, %v, want the levels", got, err)
	}
}
