package exporter

import (
	"maps"
	"slices"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// tagKeys returns the keys of the tags that are shown, by their labels.
func tagKeys(v *config.Vaults) map[string]string {
	keys := map[string]string{}
	for _, key := range v.Tags {
		keys[config.TagLabel(key)] = key
	}
	return keys
}

// tagLabels returns the labels for tags of all projects, each once.
func tagLabels(all []config.Project) []string {
	labels := map[string]string{}
	for _, p := range all {
		if p.Vaults != nil {
			maps.Copy(labels, tagKeys(p.Vaults))
		}
	}
	return slices.Sorted(maps.Keys(labels))
}
