package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// command returns the command of the container of a Deployment, as the user of the pod, with
// the files of the node. The error is for what the kubelet would wait.
func (n node) command(ctx context.Context, t *testing.T, d *appsv1.Deployment, args ...string) (*exec.Cmd, error) {
	t.Helper()
	spec := d.Spec.Template.Spec
	c := container(t, d)
	if len(c.Command) != 0 {
		t.Fatalf("%s: it replaces the entry point of the image", titleOf(d))
	}
	if err := n.mount(t, spec); err != nil {
		return nil, err
	}
	env, err := n.environment(c)
	if err != nil {
		return nil, err
	}

	cmd := exec.CommandContext(ctx, exporterBinary)
	for _, arg := range append(c.Args, args...) {
		// The only flags that name files.
		for _, flag := range []string{"--config.file=", "--web.config.file="} {
			if path, ok := strings.CutPrefix(arg, flag); ok {
				arg = flag + n.dir + path
			}
		}
		cmd.Args = append(cmd.Args, arg)
	}
	cmd.Env, cmd.Dir = env, "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential(t, spec, c)}
	}
	return cmd, nil
}

func credential(t *testing.T, spec corev1.PodSpec, c corev1.Container) *syscall.Credential {
	t.Helper()
	s := spec.SecurityContext
	if s == nil || s.RunAsUser == nil || s.RunAsGroup == nil || c.SecurityContext.RunAsUser != nil {
		t.Fatal("the pod has no numeric user and group")
	}
	return &syscall.Credential{Uid: uint32(*s.RunAsUser), Gid: uint32(*s.RunAsGroup)}
}

// environment returns the variables of a container.
func (n node) environment(c corev1.Container) ([]string, error) {
	var env []string
	for _, source := range c.EnvFrom {
		variables, err := keys("Secret", n.secrets, source.SecretRef.Name, source.SecretRef.Optional)
		if err != nil {
			return nil, err
		}
		for name, value := range variables {
			env = append(env, name+"="+value)
		}
	}
	for _, e := range c.Env {
		env = append(env, e.Name+"="+e.Value)
	}
	return env, nil
}

// A pod is a running container.
type pod struct {
	url    string
	output *bytes.Buffer // may be read once exited is closed
	exited chan struct{}
	err    error // of the process; may be read once exited is closed
}

// start runs the container of a Deployment on a port of its own, and looks for a new
// configuration all the time.
func (n node) start(t *testing.T, d *appsv1.Deployment) *pod {
	t.Helper()
	address := freeAddress(t)
	// The context is cancelled, which kills the process, before the cleanup.
	cmd, err := n.command(t.Context(), t, d, "--web.listen-address="+address)
	if err != nil {
		t.Fatal(err)
	}
	for i, arg := range cmd.Args {
		if strings.HasPrefix(arg, "--config.auto-reload-interval=") {
			cmd.Args[i] = "--config.auto-reload-interval=20ms"
		}
	}
	p := &pod{url: "http://" + address, output: new(bytes.Buffer), exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.output, p.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		<-p.exited
		if t.Failed() {
			t.Logf("%v: %v\n%s", cmd, p.err, p.output)
		}
	})
	return p
}

// freeAddress returns a loopback address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// get returns the body of a page.
func (p *pod) get(t *testing.T, path string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s: %s: %s", path, resp.Status, body)
	}
	return string(body), nil
}

// metricsEventually waits until /metrics has all these lines.
func (p *pod) metricsEventually(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, func() error {
		page, err := p.get(t, "/metrics")
		if err != nil {
			return err
		}
		for _, line := range want {
			if !strings.Contains("\n"+page, "\n"+line+"\n") {
				return fmt.Errorf("/metrics has no line %s", line)
			}
		}
		return nil
	})
}

// waitUntilReady asks what the kubelet asks.
func (p *pod) waitUntilReady(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	eventually(t, func() error {
		_, err := p.get(t, container(t, d).ReadinessProbe.HTTPGet.Path)
		return err
	})
	if _, err := p.get(t, container(t, d).LivenessProbe.HTTPGet.Path); err != nil {
		t.Errorf("ready, but not alive: %v", err)
	}
}

// eventually repeats check until it returns nil, and fails with its last error.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	const timeout = 30 * time.Second
	deadline := time.Now().Add(timeout)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", timeout, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// logAfterExit waits until the exporter has exited with 1, and returns its log.
func (p *pod) logAfterExit(t *testing.T) string {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		t.Fatal("still running after 30 s")
	}
	if got := p.err.Error(); got != "exit status 1" {
		t.Errorf("got %s, want exit status 1", got)
	}
	return p.output.String()
}
