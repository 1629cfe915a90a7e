package kubernetes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/cbr-exporter/cbr_exporter/test/process"
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
	*process.Process
	url string
}

// start runs the container of a Deployment on a port of its own, and looks for a new
// configuration all the time.
func (n node) start(t *testing.T, d *appsv1.Deployment) pod {
	t.Helper()
	address := process.FreeAddress(t)
	cmd, err := n.command(t.Context(), t, d, "--web.listen-address="+address)
	if err != nil {
		t.Fatal(err)
	}
	for i, arg := range cmd.Args {
		if strings.HasPrefix(arg, "--config.auto-reload-interval=") {
			cmd.Args[i] = "--config.auto-reload-interval=20ms"
		}
	}
	return pod{process.Start(t, cmd), "http://" + address}
}

// metricsEventually waits until /metrics has all these lines.
func (p pod) metricsEventually(t *testing.T, want ...string) {
	t.Helper()
	p.Eventually(t, func() error {
		page, err := process.Get(p.url + "/metrics")
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
func (p pod) waitUntilReady(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	p.Eventually(t, func() error {
		_, err := process.Get(p.url + container(t, d).ReadinessProbe.HTTPGet.Path)
		return err
	})
	if _, err := process.Get(p.url + container(t, d).LivenessProbe.HTTPGet.Path); err != nil {
		t.Errorf("ready, but not alive: %v", err)
	}
}

// logAfterExit waits until the exporter has exited with 1, and returns its log.
func (p pod) logAfterExit(t *testing.T) string {
	t.Helper()
	if got := p.Wait(t).ExitCode(); got != 1 {
		t.Errorf("got exit code %d, want 1", got)
	}
	return p.Output()
}
