// Package kubernetes tests what is shipped for Kubernetes: the Helm chart, the kustomization
// and the examples for Prometheus Operator.
//
// It is a separate module, so that the exporter does not have the dependencies of Kubernetes
// in go.sum. It needs helm and kustomize in PATH, and no cluster:
//
//	bash .ci/kubernetes.sh
package kubernetes
