//go:build e2e

// Package systemd runs the shipped units in a real systemd. Its tests replace files in
// /etc: .ci/systemd.sh runs them in a container.
package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

const (
	service = "cbr_exporter.service"
	socket  = "cbr_exporter.socket"

	defaults  = "/etc/default/cbr_exporter"
	config    = "/etc/cbr_exporter/config.yml"
	accessKey = "/etc/cbr_exporter/secrets/access-key"
	secretKey = "/etc/cbr_exporter/secrets/secret-key"
)

func TestMain(m *testing.M) {
	container, _ := os.ReadFile("/run/systemd/container")
	switch {
	case len(os.Args) == 2 && os.Args[1] == probe:
		probeSandbox()
	case strings.TrimSpace(string(container)) != "systemd-nspawn":
		fmt.Fprintln(os.Stderr, "these tests replace files in /etc; run them by: bash .ci/systemd.sh")
		os.Exit(1)
	default:
		os.Exit(m.Run())
	}
}

// TestVerify expects no output, since verify accepts unknown keys with a warning.
func TestVerify(t *testing.T) {
	if out := run(t, "systemd-analyze", "verify", service, socket); out != "" {
		t.Errorf("systemd-analyze verify:\n%s", out)
	}
}

// TestExposure fails above 2.0. The unit has 1.2, most of which is the network.
func TestExposure(t *testing.T) {
	run(t, "systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", service)
}

// TestNothingByHand starts the service as a package leaves it but for the configuration:
// credentials come from the environment.
func TestNothingByHand(t *testing.T) {
	cloud := startCloud(t)
	write(t, config, 0o644, cloud.config("prod", ""))
	example, err := os.ReadFile(defaults)
	if err != nil {
		t.Fatal(err)
	}
	write(t, defaults, 0o600, strings.NewReplacer("#HUAWEICLOUD_SDK_AK=", "HUAWEICLOUD_SDK_AK=AKENVIRONMENT",
		"#HUAWEICLOUD_SDK_SK=", "HUAWEICLOUD_SDK_SK=secret").Replace(string(example)))
	start(t)
	contains(t, scrape(t, nil), `cbr_task_found{project="prod"`, "process_start_time_seconds ")
	cloud.wantAccess(t, "AKENVIRONMENT")

	stop(t)
	if got := show(t, "Result"); got != "success" {
		t.Errorf("after stop: got result %q, want success", got)
	}
	contains(t, journal(t), `msg="shutting down"`, "msg=exiting")
}

// TestSecrets starts the service with secrets that only root can read, by TLS.
func TestSecrets(t *testing.T) {
	cloud := startCloud(t)
	configure(t, cloud.config("prod", keys), "--web.config.file=/etc/cbr_exporter/web.yml --log.level=debug")
	certificate, key, client := newCertificate(t)
	write(t, "/etc/cbr_exporter/tls.crt", 0o644, certificate)
	write(t, "/etc/cbr_exporter/secrets/tls.key", 0o600, key)
	write(t, "/etc/cbr_exporter/web.yml", 0o644, "tls_server_config: {cert_file: tls.crt, key_file: secrets/tls.key}\n")
	if out := run(t, "cbr_exporter", "--config.file="+config, "--config.check", "--web.config.file=/etc/cbr_exporter/web.yml"); !strings.Contains(out, "prod") {
		t.Errorf("the check by root: %s", out)
	}
	start(t)
	contains(t, scrape(t, client), `cbr_task_found{project="prod"`)
	cloud.wantAccess(t, "AKFIRST")

	// A new secret, a reload: the old one. A restart: the new one.
	write(t, accessKey, 0o600, "AKSECOND\n")
	run(t, "systemctl", "reload", service)
	waitForLog(t, `msg="configuration reloaded"`)
	scrape(t, client)
	cloud.wantAccess(t, "AKFIRST")
	run(t, "systemctl", "restart", service)
	scrape(t, client)
	cloud.wantAccess(t, "AKSECOND")
}

// TestReload reloads a changed configuration, and keeps it in spite of a wrong one.
func TestReload(t *testing.T) {
	cloud := startCloud(t)
	configure(t, cloud.config("first", keys), "")
	start(t)
	contains(t, scrape(t, nil), `cbr_task_found{project="first"`)
	pid := show(t, "MainPID")

	write(t, config, 0o644, cloud.config("second", keys))
	run(t, "systemctl", "reload", service)
	waitForLog(t, `msg="configuration reloaded"`)
	contains(t, scrape(t, nil), `cbr_task_found{project="second"`)

	write(t, config, 0o644, "projectz: []\n")
	run(t, "systemctl", "reload", service)
	waitForLog(t, "config.yml:1: projectz: unknown key")
	contains(t, scrape(t, nil), `cbr_task_found{project="second"`, "cbr_exporter_config_last_reload_successful 0")
	if got := show(t, "MainPID"); got != pid {
		t.Errorf("got process %s after the reloads, want %s", got, pid)
	}
}

// TestReloadAtStart reloads while the exporter starts. The signal kills it, and it comes back.
func TestReloadAtStart(t *testing.T) {
	cloud := startCloud(t)
	good := cloud.config("prod", keys)
	dropIn(t, "RestartSec=200ms")
	configure(t, good, "")
	remove(t, config)
	if err := syscall.Mkfifo(config, 0o644); err != nil { // nobody writes into it
		t.Fatal(err)
	}
	start(t)
	run(t, "systemctl", "reload", service)
	process.Eventually(t, func() error { return logged(t, "Deactivated successfully") })
	configure(t, good, "")
	contains(t, scrape(t, nil), `cbr_task_found{project="prod"`)
}

// TestMistakes starts the service with a mistake. The journal has the sentence of the
// exporter, and the service runs once the mistake is corrected.
func TestMistakes(t *testing.T) {
	cloud := startCloud(t)
	good := cloud.config("prod", keys)
	for _, c := range []struct {
		name    string
		mistake func()
		want    string
	}{
		{"no configuration", func() { remove(t, config) }, "/etc/cbr_exporter/config.yml: cannot be read: no such file or directory"},
		{"unreadable configuration", func() { write(t, config, 0o600, good) }, "/etc/cbr_exporter/config.yml: cannot be read: permission denied"},
		{"no access key", func() { remove(t, accessKey) }, "access_key_file: the file is empty; write the secret into it"},
		{"no folder of secrets", func() { remove(t, filepath.Dir(accessKey)) }, "secret_key_file: the file is empty; write the secret into it"},
		{"a file that the unit does not name", func() {
			write(t, config, 0o644, strings.Replace(good, "access-key", "another-key", 1))
			write(t, filepath.Join(filepath.Dir(accessKey), "another-key"), 0o600, "AKFIRST")
		}, "access_key_file: cannot read the file: no such file or directory"},
		{"unknown flag", func() { write(t, defaults, 0o600, "ARGS=--colour\n") }, "unknown long flag '--colour'; try --help"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dropIn(t, "RestartSec=200ms")
			configure(t, good, "")
			c.mistake()
			start(t)
			waitForLog(t, c.want)
			configure(t, good, "")
			contains(t, scrape(t, nil), `cbr_task_found{project="prod"`)
		})
	}
}

// TestSocket lets systemd listen. A connection starts the service, and while it restarts none
// is refused.
func TestSocket(t *testing.T) {
	cloud := startCloud(t)
	configure(t, cloud.config("prod", keys), "--web.systemd-socket")
	mark(t)
	run(t, "systemctl", "start", socket)
	t.Cleanup(func() { run(t, "systemctl", "stop", socket, service) })
	if got := show(t, "ActiveState"); got != "inactive" {
		t.Fatalf("before a connection: the service is %s", got)
	}
	contains(t, scrape(t, nil), `cbr_up{project="prod"} 1`)
	pid := show(t, "MainPID")
	restarted := make(chan error, 1)
	go func() { restarted <- exec.Command("systemctl", "restart", service).Run() }()
	for len(restarted) == 0 {
		// The old process may close a connection that comes as it ends.
		if _, err := fetch(nil); errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("%v\n%s", err, journal(t))
		}
	}
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	contains(t, scrape(t, nil), `cbr_up{project="prod"} 1`)
	if show(t, "MainPID") == pid {
		t.Error("the service was not restarted")
	}
}

// TestSandbox replaces the exporter by the probe, which tries what the exporter must not do.
func TestSandbox(t *testing.T) {
	configure(t, "", "")
	dropIn(t, "ExecStart=\nExecStart="+os.Args[0]+" "+probe+"\nRestart=no\nRestartForceExitStatus=\nType=oneshot")
	start(t)
	log := journal(t)
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, "FAIL") {
			t.Error(line)
		}
	}
	contains(t, log, "probed")
}

const probe = "probe"

// probeSandbox tries what the sandbox must refuse, and prints FAIL if it does not.
func probeSandbox() {
	for _, c := range []struct {
		name string
		try  func() error
		want error
	}{
		{"AF_UNIX", func() error { return newSocket(syscall.AF_UNIX, syscall.SOCK_STREAM) }, syscall.EAFNOSUPPORT},
		{"AF_NETLINK", func() error { return newSocket(syscall.AF_NETLINK, syscall.SOCK_RAW) }, syscall.EAFNOSUPPORT},
		{"AF_INET", func() error { return newSocket(syscall.AF_INET, syscall.SOCK_STREAM) }, nil},
		{"AF_INET6", func() error { return newSocket(syscall.AF_INET6, syscall.SOCK_DGRAM) }, nil},
		{"raw socket", func() error {
			_, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP)
			return err
		}, os.ErrPermission},
		{"mount", func() error { return syscall.Mount("none", "/tmp", "tmpfs", 0, "") }, os.ErrPermission},
		{"chroot", func() error { return syscall.Chroot("/") }, os.ErrPermission},
		{"ptrace", func() error { return syscall.PtraceAttach(1) }, os.ErrPermission},
		{"setpriority", func() error { return syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19) }, os.ErrPermission},
		{"unshare", func() error { return syscall.Unshare(syscall.CLONE_NEWUTS) }, os.ErrPermission},
		{"writable and executable memory", func() error {
			_, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			return err
		}, os.ErrPermission},
		{"write to /etc", func() error { return os.WriteFile("/etc/x", nil, 0o600) }, syscall.EROFS},
		{"write to /var", func() error { return os.WriteFile("/var/x", nil, 0o600) }, syscall.EROFS},
		{"write to a secret", func() error { return os.WriteFile(accessKey, nil, 0o600) }, syscall.EROFS},
		{"read a secret", func() error { _, err := os.ReadFile(accessKey); return err }, nil},
		{"read of /root", func() error { _, err := os.ReadDir("/root"); return err }, syscall.EACCES},
		{"another process", func() error { _, err := os.Stat("/proc/1/status"); return err }, syscall.ENOENT},
		{"memory limit", func() error {
			_, err := memlimit.FromCgroup()
			if errors.Is(err, memlimit.ErrNoLimit) {
				return nil
			}
			return err
		}, nil},
		{"kmsg", func() error { _, err := os.Open("/dev/kmsg"); return err }, syscall.ENOENT},
	} {
		if err := c.try(); !errors.Is(err, c.want) {
			fmt.Printf("FAIL %s: got %v, want %v\n", c.name, err, c.want)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	for _, want := range []string{"CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !bytes.Contains(status, []byte(want)) {
			fmt.Printf("FAIL /proc/self/status: no %q, %v\n%s\n", want, err, status)
		}
	}
	fmt.Println("probed")
}

func newSocket(family, kind int) error {
	fd, err := syscall.Socket(family, kind, 0)
	if err == nil {
		_ = syscall.Close(fd)
	}
	return err
}

// run runs a command that must succeed and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
