package kubernetes

import (
	"encoding/pem"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	accessKey = "an-access-key"
	secretKey = "a-secret-key"
)

// newCloud returns the URL of a cloud that accepts the access key.
func newCloud(t *testing.T) string {
	t.Helper()
	cloud := httptest.NewServer(simulator.New(simulator.Options{
		Now:        time.Now,
		AccessKeys: []simulator.AccessKey{{Access: accessKey, Secret: secretKey}},
	}))
	t.Cleanup(cloud.Close)
	return cloud.URL
}

// configuration returns a config.yml that watches a project of the cloud under a name.
func configuration(cloud, project string) string {
	return fmt.Sprintf("projects:\n  - name: %s\n    project_id: %s\n    endpoint: %s\n    task_ids: [%s]\n",
		project, simulator.DefaultProjectID, cloud, simulator.SampleTaskID)
}

// installed renders the chart with values and returns its first Deployment.
func installed(t *testing.T, values string) (rendering, *appsv1.Deployment) {
	t.Helper()
	objects, err := renderValues(t, values)
	if err != nil {
		t.Fatal(err)
	}
	r := rendering{name: t.Name(), objects: objects}
	return r, deployments(t, r)[0]
}

// indent makes a text the value of a key.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// keyFiles are the files of a Secret with an access key.
var keyFiles = map[string]string{"access-key": accessKey, "secret-key": secretKey + "\n"}

// TestPodServes starts the pod with each kind of credentials.
func TestPodServes(t *testing.T) {
	cloud := newCloud(t)
	config := configuration(cloud, "prod")
	for name, tt := range map[string]struct {
		values     string
		secrets    contents
		configMaps contents
	}{
		"files": {
			values:  "config:\n" + indent(config) + "credentials: {existingSecret: cbr}\n",
			secrets: contents{"cbr": keyFiles},
		},
		"environment": {
			values:  "config:\n" + indent(config) + "envFrom: [{secretRef: {name: cbr}}]\n",
			secrets: contents{"cbr": {"HUAWEICLOUD_SDK_AK": accessKey, "HUAWEICLOUD_SDK_SK": secretKey}},
		},
		"existing ConfigMap": {
			values:     "existingConfigMap: mine\ncredentials: {existingSecret: cbr}\n",
			secrets:    contents{"cbr": keyFiles},
			configMaps: contents{"mine": {"config.yml": config + "credentials: {access_key_file: secrets/access-key, secret_key_file: secrets/secret-key}\n"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, d := installed(t, tt.values)
			n := newNode(t, r, tt.secrets)
			maps.Copy(n.configMaps, tt.configMaps)
			p := n.start(t, d)
			p.waitUntilReady(t, d)
			p.metricsEventually(t, `cbr_up{project="prod"} 1`)
		})
	}
}

// TestDemoServes starts the pod that needs no account.
func TestDemoServes(t *testing.T) {
	r, d := installed(t, "demo: true\n")
	p := newNode(t, r, nil).start(t, d)
	p.waitUntilReady(t, d)
	p.metricsEventually(t, `cbr_up{project="demo"} 1`)
}

// TestPodRefuses starts the pod with what is wrong. It exits, so that a rolling update stops,
// and its log ends with the reason.
func TestPodRefuses(t *testing.T) {
	const remedy = "; correct the path, which is relative to the directory of the configuration, or the file"
	config := configuration(newCloud(t), "prod")
	inValues := "config:\n" + indent(config) + "credentials: {existingSecret: cbr}\n"
	for name, tt := range map[string]struct {
		values     string
		secrets    contents
		configMaps contents
		unreadable string // file that the user of the pod may not read
		want       string
	}{
		"no Secret": {
			values: inValues,
			want:   "/etc/cbr_exporter/config.yml:3: credentials.secret_key_file: cannot read the file: no such file or directory" + remedy,
		},
		"unreadable key": {
			values:     inValues,
			secrets:    contents{"cbr": keyFiles},
			unreadable: "/etc/cbr_exporter/secrets/secret-key",
			want:       "/etc/cbr_exporter/config.yml:3: credentials.secret_key_file: cannot read the file: permission denied; let the user that runs the exporter read it",
		},
		"ConfigMap without the file": {
			values:     "existingConfigMap: mine\n",
			configMaps: contents{"mine": {"cbr.yml": config}},
			want:       "/etc/cbr_exporter/config.yml: cannot be read: no such file or directory; name another file with --config.file, or in a container mount yours there",
		},
		"misspelt key": {
			values:     "existingConfigMap: mine\n",
			configMaps: contents{"mine": {"config.yml": strings.ReplaceAll(config, "endpoint", "endpiont")}},
			want:       "/etc/cbr_exporter/config.yml:4: projects[0].endpiont: unknown key; correct or remove it, the commented example shows all keys",
		},
		"wrong web configuration": {
			values:  inValues + "webConfig: {existingSecret: web}\n",
			secrets: contents{"cbr": keyFiles, "web": {"web-config.yml": "tls_server_config: {cert_file: tls.crt, key_file: tls.key}\n"}},
			want:    "--web.config.file=/etc/cbr_exporter/web/web-config.yml: failed to read cert_file (/etc/cbr_exporter/web/tls.crt): open /etc/cbr_exporter/web/tls.crt: no such file or directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, d := installed(t, tt.values)
			n := newNode(t, r, tt.secrets)
			maps.Copy(n.configMaps, tt.configMaps)
			n.unreadable = tt.unreadable
			log := strings.TrimSpace(n.start(t, d).logAfterExit(t))
			last := strings.ReplaceAll(log[strings.LastIndex(log, "\n")+1:], n.dir, "")
			if want := fmt.Sprintf("level=error msg=exiting err=%q", tt.want); !strings.HasSuffix(last, want) {
				t.Errorf("the last line is\n%s\nwant\n%s", last, want)
			}
			if strings.Contains(log, secretKey) {
				t.Errorf("the log has the secret key:\n%s", log)
			}
		})
	}
}

// TestPodReloads changes the ConfigMap of a running pod.
func TestPodReloads(t *testing.T) {
	cloud := newCloud(t)
	r, d := installed(t, "config:\n"+indent(configuration(cloud, "before"))+"credentials: {existingSecret: cbr}\n")
	n := newNode(t, r, contents{"cbr": keyFiles})
	p := n.start(t, d)
	p.waitUntilReady(t, d)
	p.metricsEventually(t, `cbr_up{project="before"} 1`, "cbr_exporter_config_last_reload_successful 1")

	before := n.configMaps[release]["config.yml"]
	if !strings.Contains(before, "before") {
		t.Fatalf("the ConfigMap %s has no name to change:\n%s", release, before)
	}
	n.change(t, d, release, "config.yml", strings.ReplaceAll(before, "before", "after"))
	p.metricsEventually(t, `cbr_up{project="after"} 1`, "cbr_exporter_config_last_reload_successful 1")

	n.change(t, d, release, "config.yml", strings.ReplaceAll(before, "endpoint", "endpiont"))
	p.metricsEventually(t, `cbr_up{project="after"} 1`, "cbr_exporter_config_last_reload_successful 0")
	p.waitUntilReady(t, d)
}

// TestPodReadsNewKey changes the Secret of a running pod, which needs no reload.
func TestPodReadsNewKey(t *testing.T) {
	cloud := newCloud(t)
	r, d := installed(t, "config:\n"+indent(configuration(cloud, "prod"))+"credentials: {existingSecret: cbr}\n")
	n := newNode(t, r, contents{"cbr": {"access-key": accessKey, "secret-key": "another"}})
	p := n.start(t, d)
	p.waitUntilReady(t, d)
	p.metricsEventually(t, `cbr_up{project="prod"} 0`)
	n.secrets["cbr"] = keyFiles
	if err := n.mount(t, d.Spec.Template.Spec); err != nil {
		t.Fatal(err)
	}
	p.metricsEventually(t, `cbr_up{project="prod"} 1`)
}

// TestConfigurations checks the configuration of each installation, and its flags, with the
// exporter itself.
func TestConfigurations(t *testing.T) {
	for _, r := range installations(t) {
		for _, d := range deployments(t, r) {
			if slices.Contains(container(t, d).Args, "--demo") {
				continue // TestDemoServes runs it
			}
			n := newNode(t, r, usersSecrets)
			maps.Copy(n.configMaps, usersConfigMaps(t))
			cmd, err := n.command(t.Context(), t, d, "--config.check")
			if err != nil {
				t.Errorf("%s: %s: %v", r.name, titleOf(d), err)
				continue
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", r.name, titleOf(d), err, out)
			}
		}
	}
}

// usersConfigMaps are those that the values in ci/ expect to exist.
func usersConfigMaps(t *testing.T) contents {
	t.Helper()
	cloud := httptest.NewTLSServer(nil)
	defer cloud.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cloud.Certificate().Raw})
	return contents{
		"cbr-config": {"config.yml": configuration("https://cbr.example.com", "prod")},
		"company-ca": {"ca.pem": string(certificate)},
	}
}

// usersSecrets are those that the values in ci/ and the kustomization expect to exist.
var usersSecrets = contents{
	"cbr-exporter": keyFiles, // the kustomization
	"cbr": {
		"access-key": accessKey, "secret-key": secretKey,
		"eu-access-key": accessKey, "eu-secret-key": secretKey,
		"password": "a-password",
	},
	"cbr-environment": {"HUAWEICLOUD_SDK_AK": accessKey, "HUAWEICLOUD_SDK_SK": secretKey},
	"cbr-web":         {"web-config.yml": "http_server_config: {http2: false}\n"},
}
