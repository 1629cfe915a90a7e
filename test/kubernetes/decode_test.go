package kubernetes

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// An object is one of the types of newDecoder.
type object interface {
	runtime.Object
	metav1.Object
}

// newDecoder returns a decoder of the APIs that the chart may use. It refuses unknown keys,
// and keys that are there twice.
func newDecoder() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
		monitoringv1.AddToScheme, monitoringv1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

// decode returns the objects of a stream of YAML documents.
func decode(stream []byte) ([]object, error) {
	decoder := newDecoder()
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	var objects []object
	for {
		document, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		case isEmpty(document):
			continue
		}
		decoded, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%w in\n%s", err, document)
		}
		o, ok := decoded.(object)
		if !ok {
			return nil, fmt.Errorf("%T has no name", decoded)
		}
		objects = append(objects, o)
	}
}

// isEmpty reports whether a document has nothing but comments.
func isEmpty(document []byte) bool {
	for line := range strings.Lines(string(document)) {
		if line = strings.TrimSpace(line); line != "" && line != "---" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// titleOf returns the kind and the name of an object.
func titleOf(o object) string {
	return o.GetObjectKind().GroupVersionKind().Kind + " " + o.GetName()
}

func TestDecodeRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ document, want string }{
		"unknown key":    {"apiVersion: v1\nkind: Service\nspec:\n  ports:\n    - prt: 1\n", `unknown field "spec.ports[0].prt"`},
		"duplicate":      {"apiVersion: v1\nkind: Service\nspec: {type: A, type: B}\n", `key "type" already set in map`},
		"of an operator": {"apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nspec: {endpoints: [{honorlabels: true}]}\n", `unknown field "spec.endpoints[0].honorlabels"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode([]byte(tt.document))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
