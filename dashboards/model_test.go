package dashboards_test

import (
	"encoding/json"
	"slices"
	"strings"
)

// The part of Grafana's classic dashboard model that the rules look at.
type (
	dashboard struct {
		ID            *int            `json:"id"`
		UID           string          `json:"uid"`
		Title         string          `json:"title"`
		Tags          []string        `json:"tags"`
		Timezone      string          `json:"timezone"`
		SchemaVersion int             `json:"schemaVersion"`
		GraphTooltip  int             `json:"graphTooltip"`
		Editable      *bool           `json:"editable"`
		Inputs        json.RawMessage `json:"__inputs"`
		Links         []dashboardLink `json:"links"`
		Panels        []panel         `json:"panels"`
		Templating    struct {
			List []variable `json:"list"`
		} `json:"templating"`
	}
	dashboardLink struct {
		Type        string   `json:"type"`
		Tags        []string `json:"tags"`
		IncludeVars bool     `json:"includeVars"`
		KeepTime    bool     `json:"keepTime"`
	}
	panel struct {
		ID          int        `json:"id"`
		Type        string     `json:"type"`
		Title       string     `json:"title"`
		Description string     `json:"description"`
		Datasource  datasource `json:"datasource"`
		GridPos     gridPos    `json:"gridPos"`
		Collapsed   bool       `json:"collapsed"`
		Panels      []panel    `json:"panels"`
		Targets     []target   `json:"targets"`
		FieldConfig struct {
			Defaults struct {
				Unit    string     `json:"unit"`
				NoValue string     `json:"noValue"`
				Links   []dataLink `json:"links"`
			} `json:"defaults"`
			Overrides []override `json:"overrides"`
		} `json:"fieldConfig"`
		Options struct {
			SortBy []struct {
				DisplayName string `json:"displayName"`
			} `json:"sortBy"`
		} `json:"options"`
		Transformations []transformation `json:"transformations"`
	}
	override struct {
		Matcher struct {
			ID      string `json:"id"`
			Options any    `json:"options"`
		} `json:"matcher"`
		Properties []struct {
			ID    string          `json:"id"`
			Value json.RawMessage `json:"value"`
		} `json:"properties"`
	}
	transformation struct {
		ID      string `json:"id"`
		Options struct {
			ExcludeByName map[string]bool   `json:"excludeByName"`
			IndexByName   map[string]int    `json:"indexByName"`
			RenameByName  map[string]string `json:"renameByName"`
		} `json:"options"`
	}
	dataLink struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	}
	target struct {
		RefID        string     `json:"refId"`
		Datasource   datasource `json:"datasource"`
		Expr         string     `json:"expr"`
		Instant      bool       `json:"instant"`
		Format       string     `json:"format"`
		LegendFormat string     `json:"legendFormat"`
	}
	variable struct {
		Type       string     `json:"type"`
		Name       string     `json:"name"`
		Datasource datasource `json:"datasource"`
		Query      query      `json:"query"`
		Regex      string     `json:"regex"`
		Refresh    int        `json:"refresh"`
		Multi      bool       `json:"multi"`
		IncludeAll bool       `json:"includeAll"`
		AllValue   string     `json:"allValue"`
	}
	gridPos    struct{ X, Y, W, H int }
	datasource struct{ Type, UID string }
	query      string
)

// UnmarshalJSON accepts both forms of a variable's query: text, and an object around it.
func (q *query) UnmarshalJSON(data []byte) error {
	var object struct{ Query string }
	if json.Unmarshal(data, &object) == nil {
		*q = query(object.Query)
		return nil
	}
	return json.Unmarshal(data, (*string)(q))
}

func (d dashboard) has(variableName string) bool {
	return slices.ContainsFunc(d.Templating.List, func(v variable) bool { return v.Name == variableName })
}

func withNested(panels []panel) []panel {
	var all []panel
	for _, p := range panels {
		all = append(append(all, p), p.Panels...)
	}
	return all
}

// dataLinks are those of all fields, and of those that an override names.
func (p panel) dataLinks() ([]dataLink, error) {
	links := slices.Clone(p.FieldConfig.Defaults.Links)
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID != "links" {
				continue
			}
			var more []dataLink
			if err := json.Unmarshal(property.Value, &more); err != nil {
				return nil, err
			}
			links = append(links, more...)
		}
	}
	return links, nil
}

// columns are the columns of a table by the field that each shows, and the
// fields that are left out.
func (p panel) columns() (shown map[string]string, left map[string]bool) {
	shown, left = map[string]string{}, map[string]bool{}
	for _, t := range p.Transformations {
		if t.ID != "organize" {
			continue
		}
		for field := range t.Options.IndexByName {
			shown[field] = field
		}
		for field, name := range t.Options.RenameByName {
			shown[field] = name
		}
		for field, excluded := range t.Options.ExcludeByName {
			left[field] = excluded
		}
	}
	return shown, left
}

// valueOf is the query whose value a field of a table is, if it is one.
func valueOf(field string, targets []target) (refID string, ok bool) {
	if field == "Value" && len(targets) == 1 {
		return targets[0].RefID, true
	}
	return strings.CutPrefix(field, "Value #")
}
