// Package deploy_test checks the files that users deploy.
package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestMain runs the tests from the root, so that all paths start there.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const composeFolder = "deploy/compose"

type composeService struct {
	Image   string            `yaml:"image"`
	Build   string            `yaml:"build"`
	Ports   []string          `yaml:"ports"`
	Volumes []string          `yaml:"volumes"`
	Env     map[string]string `yaml:"environment"`
}

// mounts returns the files that are mounted into the service, by their path in the
// container.
func (s composeService) mounts(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, volume := range s.Volumes {
		parts := strings.Split(volume, ":")
		if !strings.HasPrefix(parts[0], ".") {
			continue
		}
		file := filepath.Join(composeFolder, parts[0])
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %v", volume, err)
		}
		if len(parts) != 3 || parts[2] != "ro" {
			t.Errorf("%s: is mounted to be written to, want :ro", volume)
		}
		files[parts[1]] = file
	}
	return files
}

func composeServices(t *testing.T) map[string]composeService {
	t.Helper()
	var content struct {
		Services map[string]composeService `yaml:"services"`
	}
	parseYAML(t, filepath.Join(composeFolder, "compose.yml"), &content)
	return content.Services
}

// TestComposeMounts checks that the services mount the shipped files, and all files of
// the folder.
func TestComposeMounts(t *testing.T) {
	mounted := []string{filepath.Join(composeFolder, "compose.yml")}
	for _, service := range composeServices(t) {
		for _, file := range service.mounts(t) {
			mounted = append(mounted, file)
		}
	}
	for _, want := range []string{"rules/cbr.rules.yml", "deploy/alertmanager.yml", "deploy/alertmanager.tmpl", "dashboards"} {
		if !slices.Contains(mounted, want) {
			t.Errorf("%s is not mounted", want)
		}
	}
	err := filepath.WalkDir(composeFolder, func(file string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !slices.Contains(mounted, file) {
			t.Errorf("%s is not mounted", file)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestComposeImages(t *testing.T) {
	for name, service := range composeServices(t) {
		if !regexp.MustCompile(`:v?\d+\.\d+\.\d+$`).MatchString(service.Image) {
			t.Errorf("%s: the image %s has no version", name, service.Image)
		}
		if service.Build != "" {
			if _, err := os.Stat(filepath.Join(composeFolder, service.Build, "Dockerfile")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if want := "cbr_exporter:" + strings.TrimSpace(read(t, "VERSION")); service.Image != want {
				t.Errorf("%s: the image that is built is %s, want %s", name, service.Image, want)
			}
		}
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: the port %s is open to others", name, port)
			}
		}
	}
}

// TestComposeVersions compares the versions of the images with those that CI tests.
func TestComposeVersions(t *testing.T) {
	services, pins := composeServices(t), read(t, ".ci/tool-versions")
	for name, pin := range map[string]string{"prometheus": "PROMETHEUS", "alertmanager": "ALERTMANAGER", "grafana": "GRAFANA_SCHEMA"} {
		found := regexp.MustCompile(`(?m)^` + pin + `=(\S+)`).FindStringSubmatch(pins)
		if found == nil {
			t.Errorf(".ci/tool-versions has no %s", pin)
			continue
		}
		// As a Go module, Prometheus 3.16 is v0.316.
		want := regexp.MustCompile(`^v0\.(\d)(\d\d)\.`).ReplaceAllString(found[1], "v$1.$2.")
		if image := services[name].Image; !strings.HasSuffix(image, ":"+want) {
			t.Errorf("%s: the image is %s, but CI tests %s", name, image, want)
		}
	}
}

// TestComposePrometheus compares the scrape configuration with the shipped one, and
// checks the whole configuration with promtool.
func TestComposePrometheus(t *testing.T) {
	services := composeServices(t)
	mounts := services["prometheus"].mounts(t)
	text := read(t, mounts["/etc/prometheus/prometheus.yml"])
	at := strings.Index(text, "scrape_configs:")
	if at < 0 {
		t.Fatal("Prometheus scrapes nothing")
	}
	got := strings.ReplaceAll(text[at:], "cbr_exporter:10065", "localhost:10065")
	if want := read(t, "deploy/prometheus/metrics.yml"); got != want {
		t.Errorf("Prometheus scrapes with\n%s\nwant but for the address\n%s", got, want)
	}
	for _, target := range regexp.MustCompile(`(?m)^ +- ([\w-]+):\d+$`).FindAllStringSubmatch(text, -1) {
		if _, ok := services[target[1]]; !ok {
			t.Errorf("there is no service %s", target[1])
		}
	}
	checkInContainer(t, mounts, "/etc/prometheus/prometheus.yml", "promtool", "check", "config")
}

func TestComposeAlertmanager(t *testing.T) {
	out := checkInContainer(t, composeServices(t)["alertmanager"].mounts(t), "/etc/alertmanager/alertmanager.yml", "amtool", "check-config")
	// Since 0.27 there is a stricter parser of matchers. What it refuses is only logged.
	if strings.Contains(out, "incompatible") {
		t.Errorf("a matcher is not for utf8-strict-mode:\n%s", out)
	}
}

// checkInContainer runs a program over a file, next to the files mounted next to it.
func checkInContainer(t *testing.T, mounts map[string]string, file, program string, args ...string) (output string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(program + " is not installed")
	}
	dir := t.TempDir()
	for at, from := range mounts {
		if path.Dir(at) == path.Dir(file) {
			if err := os.WriteFile(filepath.Join(dir, path.Base(at)), []byte(read(t, from)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	checked := filepath.Join(dir, path.Base(file))
	out, err := exec.CommandContext(t.Context(), program, append(args, checked)...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

// TestComposeGrafana checks the folder of dashboards, the first dashboard and the address of
// the data source.
func TestComposeGrafana(t *testing.T) {
	services := composeServices(t)
	grafana := services["grafana"]
	mounts := grafana.mounts(t)

	var dashboards struct {
		Providers []struct {
			Options struct {
				Path string `yaml:"path"`
			} `yaml:"options"`
		} `yaml:"providers"`
	}
	parseYAML(t, mounts["/etc/grafana/provisioning/dashboards/cbr.yml"], &dashboards)
	if len(dashboards.Providers) != 1 || mounts[dashboards.Providers[0].Options.Path] != "dashboards" {
		t.Fatalf("Grafana reads %+v, and not the shipped dashboards", dashboards.Providers)
	}
	folder := dashboards.Providers[0].Options.Path
	first := grafana.Env["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	if path.Dir(first) != folder {
		t.Errorf("the first dashboard is %s, want one in %s", first, folder)
	}

	var sources struct {
		Datasources []struct {
			URL string `yaml:"url"`
		} `yaml:"datasources"`
	}
	parseYAML(t, mounts["/etc/grafana/provisioning/datasources/cbr.yml"], &sources)
	if len(sources.Datasources) != 1 {
		t.Fatalf("got %d data sources, want 1", len(sources.Datasources))
	}
	host, port, _ := strings.Cut(strings.TrimPrefix(sources.Datasources[0].URL, "http://"), ":")
	if _, ok := services[host]; !ok || port != "9090" {
		t.Errorf("Grafana asks %s, which is no service", sources.Datasources[0].URL)
	}
}

func parseYAML(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, file)), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	// By its absolute path: go test caches results, and takes relative ones for those in the
	// folder of the package.
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
