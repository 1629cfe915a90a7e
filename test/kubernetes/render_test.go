package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	release   = "cbr-exporter"
	namespace = "monitoring"
)

// A rendering is what one command sends to a cluster.
type rendering struct {
	name    string
	objects []object
}

// helmTemplate renders the chart. The error has the output of helm.
func helmTemplate(ctx context.Context, release string, args ...string) ([]object, error) {
	return render(ctx, "helm", append([]string{"template", release, chart, "--namespace", namespace}, args...)...)
}

// renderValues renders the chart with the content of a file of values.
func renderValues(t *testing.T, values string, args ...string) ([]object, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	return helmTemplate(t.Context(), release, append(args, "--values", file)...)
}

func render(ctx context.Context, name string, args ...string) ([]object, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	objects, err := decode(stdout.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("%s %s: no objects", name, strings.Join(args, " "))
	}
	return objects, nil
}

// valuesFiles returns the files of ci/, by name.
func valuesFiles() (map[string]string, error) {
	const suffix = "-values.yaml"
	files, err := filepath.Glob(chart + "/ci/*" + suffix)
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no values in %s/ci: %w", chart, err)
	}
	byName := map[string]string{}
	for _, file := range files {
		byName[strings.TrimSuffix(filepath.Base(file), suffix)] = file
	}
	return byName, nil
}

// byValues are the renderings of the chart for each file in ci/.
var byValues = sync.OnceValues(func() ([]rendering, error) { return renderAll(release) })

// byValuesLong are the same for a release with the longest name that Helm allows, which has dots.
var byValuesLong = sync.OnceValues(func() ([]rendering, error) { return renderAll(strings.Repeat("long.name-", 6)[:53]) })

func renderAll(release string) ([]rendering, error) {
	files, err := valuesFiles()
	if err != nil {
		return nil, err
	}
	var renderings []rendering
	for name, file := range files {
		objects, err := helmTemplate(context.Background(), release, "--values", file)
		if err != nil {
			return nil, err
		}
		renderings = append(renderings, rendering{name, objects})
	}
	return renderings, nil
}

// kustomized are the renderings of the kustomization: as it is, and with all that is commented
// out in it.
var kustomized = sync.OnceValues(func() ([]rendering, error) {
	// A copy, to which the paths in it lead as well.
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, folder := range []string{"deploy/kustomize", "dashboards"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			return nil, err
		}
	}
	folder := filepath.Join(dir, "deploy/kustomize")
	file := filepath.Join(folder, "kustomization.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var renderings []rendering
	for _, k := range []struct{ name, content string }{
		{"kustomize", string(content)},
		{"kustomize-all", strings.ReplaceAll(string(content), "\n  # - ", "\n  - ")},
	} {
		if err := os.WriteFile(file, []byte(k.content), 0o600); err != nil {
			return nil, err
		}
		objects, err := render(context.Background(), "kustomize", "build", folder)
		if err != nil {
			return nil, err
		}
		renderings = append(renderings, rendering{k.name, objects})
	}
	return renderings, nil
})

// chartRenderings returns byValues.
func chartRenderings(t *testing.T) []rendering {
	t.Helper()
	renderings, err := byValues()
	if err != nil {
		t.Fatal(err)
	}
	return renderings
}

// installations returns all ways to install the exporter.
func installations(t *testing.T) []rendering {
	t.Helper()
	all := chartRenderings(t)
	long, err := byValuesLong()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range long {
		all = append(all, rendering{r.name + " long", r.objects})
	}
	k, err := kustomized()
	if err != nil {
		t.Fatal(err)
	}
	return append(all, k...)
}

// operatorExamples returns the objects of a file in deploy/prometheus-operator.
func operatorExamples(t *testing.T, file string) []object {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "deploy/prometheus-operator", file))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := decode(content)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(objects) == 0 {
		t.Fatal(errors.New(file + ": no objects"))
	}
	return objects
}
