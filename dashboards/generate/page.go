package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

type object = map[string]any

// A page is a dashboard.
type page struct {
	uid, title, about string
	from              string // the start of the time range
	variables         []object
	blocks            []block
}

// A block is a part of a page: a row, or a panel of some kind.
type block interface{ panel() panel }

func (p page) json() []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		ID            any      `json:"id"`
		UID           string   `json:"uid"`
		Title         string   `json:"title"`
		Description   string   `json:"description"`
		Tags          []string `json:"tags"`
		SchemaVersion int      `json:"schemaVersion"`
		Version       int      `json:"version"`
		Editable      bool     `json:"editable"`
		GraphTooltip  int      `json:"graphTooltip"`
		Timezone      string   `json:"timezone"`
		Refresh       string   `json:"refresh"`
		Time          object   `json:"time"`
		Links         []object `json:"links"`
		Templating    object   `json:"templating"`
		Panels        []panel  `json:"panels"`
	}{
		UID: p.uid, Title: p.title, Description: p.about, Tags: []string{"cbr", "backup", "huaweicloud"},
		SchemaVersion: 39, Version: 1, GraphTooltip: 1, Timezone: "browser", Refresh: "1m",
		Time: object{"from": p.from, "to": "now"},
		Links: []object{{
			"type": "dashboards", "title": "CBR dashboards", "tags": []string{"cbr"}, "asDropdown": false,
			"includeVars": true, "keepTime": true, "targetBlank": false, "icon": "external link", "tooltip": "", "url": "",
		}},
		Templating: object{"list": p.variables},
		Panels:     p.panels(),
	})
	if err != nil {
		panic(fmt.Sprintf("encoding a dashboard: %v", err)) // of types that are all known
	}
	return text.Bytes()
}

// panels places the blocks from left to right, and below as soon as a line is full.
func (p page) panels() []panel {
	const columns = 24
	var all []panel
	x, y, height := 0, 0, 0
	for i, b := range p.blocks {
		panel := b.panel()
		if x+panel.GridPos.W > columns {
			x, y, height = 0, y+height, 0
		}
		panel.ID = i + 1
		panel.GridPos.X, panel.GridPos.Y = x, y
		x, height = x+panel.GridPos.W, max(height, panel.GridPos.H)
		all = append(all, panel)
	}
	return all
}

func source() object { return object{"type": "prometheus", "uid": "${datasource}"} }

// sourceVariable chooses the Prometheus to ask.
func sourceVariable() object {
	return object{"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"}
}

// variable chooses among the values of a label. all is the pattern that stands for all; if
// it is empty, all values do.
func variable(name, label, all, series, from string) object {
	query := expand("label_values(" + series + ", " + from + ")")
	v := object{
		"type": "query", "name": name, "label": label, "datasource": source(), "definition": query,
		"query":   object{"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
		"refresh": 2, "sort": 1, "multi": true, "includeAll": true,
		"current": object{"text": []string{"All"}, "value": []string{"$__all"}},
	}
	if all != "" {
		v["allValue"] = all
	}
	return v
}

// What identifies a resource with a kind of task, its restore points, its copies, its place in a vault, a
// task, a vault, a policy, and a type of resources.
const (
	resourceKey = "project, resource_id, operation_type"
	restoreKey  = "project, resource_id"
	copyKey     = "project, resource_id, resource_name, vault, destination_region"
	boundKey    = "project, vault_id, resource_id"
	taskKey     = "project, task_id"
	vaultKey    = "project, vault_id"
	policyKey   = "project, policy_id"
	typedKey    = "project, resource_type"
)

// expand replaces the words for what is chosen at the top of a page.
func expand(expr string) string {
	const project, vault = `project=~"$project"`, `vault=~"$vault"`
	return strings.NewReplacer(
		"PROJECT", project,
		"VAULT", project+", "+vault,
		"RESOURCE", project+", "+vault+`, resource_name=~"$resource"`,
		"OPERATION", project+", "+vault+`, resource_name=~"$resource", operation_type=~"$operation_type"`,
		"EXPORTER", `job=~"$job"`,
		"API", `job=~"$job", `+project,
	).Replace(expr)
}

// most returns the highest value for each key: two exporters of a project count once.
func most(key, series string) string { return "max by (" + key + ") (" + series + ")" }

// moment returns the latest Unix time for each key, in milliseconds, as Grafana wants it.
func moment(key, series string) string { return "1000 * " + most(key, series) }

// one returns one series for each key, with more labels. Two exporters may disagree on these
// for as long as one has not read what the other has.
func one(key, labels, series string) string {
	return "topk by (" + key + ") (1, " + most(key+", "+labels, series) + ")"
}

// total sums over all keys.
func total(key, series string) string { return "sum(" + most(key, series) + ")" }
