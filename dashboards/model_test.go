package dashboards_test

import (
	"encoding/json"
	"slices"
)

// The part of Grafana's dashboard model that the rules look at.
type (
	dashboard struct {
		ID            *int   `json:"id"`
		UID           string `json:"uid"`
		Title         string `json:"title"`
		Tags          []string
		Timezone      string
		SchemaVersion int
		GraphTooltip  int
		Editable      *bool
		Time          struct{ From, To string }
		Links         []struct {
			Tags                  []string
			IncludeVars, KeepTime bool
		}
		Panels     []panel
		Templating struct{ List []variable }
	}
	panel struct {
		ID          int `json:"id"`
		Type        string
		Title       string
		Description string
		Datasource  datasource
		GridPos     gridPos
		Targets     []target
		FieldConfig struct {
			Defaults struct{ Unit, NoValue string }
		}
		Options struct {
			SortBy []struct{ DisplayName string }
		}
		Transformations []struct{ Options transformation }
	}
	transformation struct {
		RenameByName map[string]string
		Filters      []struct{ FieldName string }
	}
	target struct {
		RefID        string `json:"refId"`
		Datasource   datasource
		Expr         string
		Instant      bool
		Format       string
		LegendFormat string
	}
	variable struct {
		Type              string
		Name              string
		Datasource        datasource
		Query             query
		Refresh           int
		Multi, IncludeAll bool
		AllValue          string
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

func (d dashboard) has(name string) bool {
	return slices.ContainsFunc(d.Templating.List, func(v variable) bool { return v.Name == name })
}

// columns are the names of the columns of a table by the field that each shows.
func (p panel) columns() map[string]string {
	all := map[string]string{}
	for _, t := range p.Transformations {
		for field, name := range t.Options.RenameByName {
			all[field] = name
		}
	}
	return all
}
