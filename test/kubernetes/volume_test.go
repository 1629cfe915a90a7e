package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// contents are the files of ConfigMaps or Secrets, by the name of the object and the key.
type contents map[string]map[string]string

// A node is what the kubelet sees.
type node struct {
	dir                 string // stands for the root directory of the container
	configMaps, secrets contents
	unreadable          string // file that only root may read
}

// newNode returns a node with the ConfigMaps of a rendering and these Secrets.
func newNode(t *testing.T, r rendering, secrets contents) node {
	t.Helper()
	dir := t.TempDir()
	// The user of the pod is another one.
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	n := node{dir: dir, configMaps: contents{}, secrets: secrets}
	for _, c := range ofType[*corev1.ConfigMap](r) {
		n.configMaps[c.Name] = c.Data
	}
	return n
}

// mount writes the volumes of a pod as the kubelet does. Its error is for what the kubelet
// would wait, and not start the pod.
func (n node) mount(t *testing.T, spec corev1.PodSpec) error {
	t.Helper()
	for _, m := range spec.Containers[0].VolumeMounts {
		i := slices.IndexFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if i < 0 {
			t.Fatalf("no volume %s", m.Name)
		}
		v := spec.Volumes[i]
		var files map[string]string
		var err error
		switch {
		case v.ConfigMap != nil:
			files, err = keys("ConfigMap", n.configMaps, v.ConfigMap.Name, v.ConfigMap.Optional)
		case v.Secret != nil:
			files, err = keys("Secret", n.secrets, v.Secret.SecretName, v.Secret.Optional)
		case v.CSI != nil:
		default:
			t.Fatalf("the test knows no volume like %s", v.Name)
		}
		if err != nil {
			return err
		}
		n.swap(t, m.MountPath, files)
	}
	if n.unreadable != "" {
		if err := os.Chmod(filepath.Join(n.dir, n.unreadable), 0); err != nil {
			t.Fatal(err)
		}
	}
	return nil
}

// keys returns the content of an object.
func keys(kind string, objects contents, name string, optional *bool) (map[string]string, error) {
	object, ok := objects[name]
	if !ok && (optional == nil || !*optional) {
		return nil, fmt.Errorf("the kubelet waits for the %s %s", kind, name)
	}
	return object, nil
}

// swap replaces the files of a volume at once. As the kubelet does, it writes them into a new
// folder, to which the symbolic link ..data then leads; each file is a link into ..data.
func (n node) swap(t *testing.T, mountPath string, files map[string]string) {
	t.Helper()
	do := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	volume := filepath.Join(n.dir, mountPath)
	do(os.MkdirAll(volume, 0o755))
	current := time.Now().Format("..2006_01_02_15_04_05.000000000")
	do(os.Mkdir(filepath.Join(volume, current), 0o755))
	for name, content := range files {
		file := filepath.Join(volume, current, name)
		do(os.WriteFile(file, []byte(content), 0o644))
		do(os.Chmod(file, 0o644)) // without the umask
		link := filepath.Join(volume, name)
		if _, err := os.Lstat(link); err != nil {
			do(os.Symlink(filepath.Join("..data", name), link))
		}
	}
	old, _ := os.Readlink(filepath.Join(volume, "..data"))
	do(os.Symlink(current, filepath.Join(volume, "..data_tmp")))
	do(os.Rename(filepath.Join(volume, "..data_tmp"), filepath.Join(volume, "..data")))
	if old != "" {
		do(os.RemoveAll(filepath.Join(volume, old)))
	}
}

// change changes a file of a ConfigMap that a running pod has mounted.
func (n node) change(t *testing.T, d *appsv1.Deployment, configMap, key, content string) {
	t.Helper()
	n.configMaps[configMap] = map[string]string{key: content}
	if err := n.mount(t, d.Spec.Template.Spec); err != nil {
		t.Fatal(err)
	}
}
