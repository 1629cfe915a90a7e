package main

import (
	"regexp"
	"strings"
)

// A table has a row for each key of its queries. Grafana merges the rows of several queries by
// the labels that all of them have.
type table struct {
	head
	columns []column
	keep    []string // only the rows in which the queries of these columns have a value
	sort    string
	desc    bool // the highest first
}

// A column shows a label, or the value of a query. One with both runs the query for the sake
// of the label.
type column struct {
	name, label, expr string
	look              look
}

// A look is how the cells of a column look.
type look []property

var grouping = regexp.MustCompile(`by \(([^)]*)\)`)

func (t table) panel() panel {
	var queries []query
	hidden, order, names := object{"Time": true}, object{}, object{}
	overrides := []override{{object{"id": "byRegexp", "options": ".*"}, []property{{"noValue", "–"}}}}
	field := map[string]string{} // by the name of its column
	for _, c := range t.columns {
		if c.expr == "" {
			continue
		}
		for _, match := range grouping.FindAllStringSubmatch(c.expr, -1) {
			for label := range strings.SplitSeq(match[1], ", ") {
				hidden[label] = true
			}
		}
		queries = append(queries, query{expr: c.expr})
		field[c.name] = valueOf(t.columns, len(queries))
		if c.label != "" {
			hidden[field[c.name]] = true
		}
	}
	for i, c := range t.columns {
		shown := c.label
		if shown == "" {
			shown = field[c.name]
		}
		order[shown], names[shown] = i, c.name
		delete(hidden, shown)
		if len(c.look) > 0 {
			overrides = append(overrides, named(c.name, c.look...))
		}
	}

	p := t.of("table", instant(queries, "table"), object{
		"unit": "none", "thresholds": steps("text"), "custom": object{"filterable": true},
	}, overrides...)
	p.Options = object{"sortBy": []object{{"displayName": t.sort, "desc": t.desc}}}
	p.Transformations = append(p.Transformations, object{"id": "merge", "options": object{}})
	if len(t.keep) > 0 {
		var filters []object
		for _, name := range t.keep {
			filters = append(filters, object{"fieldName": field[name], "config": object{"id": "isNotNull", "options": object{}}})
		}
		p.Transformations = append(p.Transformations, object{"id": "filterByValue", "options": object{
			"type": "include", "match": "all", "filters": filters,
		}})
	}
	p.Transformations = append(p.Transformations, object{"id": "organize", "options": object{
		"excludeByName": hidden, "indexByName": order, "renameByName": names,
	}})
	return p
}

// valueOf names the value of a query of a table, as Grafana does.
func valueOf(columns []column, number int) string {
	queries := 0
	for _, c := range columns {
		if c.expr != "" {
			queries++
		}
	}
	if queries == 1 {
		return "Value"
	}
	return "Value #" + string(rune('A'+number-1))
}

// wide has room for an id.
func wide() look { return look{{"custom.width", 310}} }

// ago shows a moment in milliseconds as a time from now; see moment.
func ago() look { return look{{"unit", "dateTimeFromNow"}} }

// seconds shows a duration, in the colours of steps if there are some.
func seconds(list ...step) look {
	if len(list) == 0 {
		return look{{"unit", "s"}}
	}
	return look{{"unit", "s"}, {"thresholds", steps("text", list...)}, textColored()}
}

func size() look { return look{{"unit", "bytes"}} }

// share draws a ratio as a bar.
func share(thresholds object) look {
	return look{
		{"unit", "percentunit"},
		{"min", 0},
		{"max", 1},
		{"thresholds", thresholds},
		{"custom.cellOptions", object{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}},
	}
}

// some shows a number, and 0 as "none" in a colour.
func some(none string) look { return spoken(word{"0", "None", none}) }

// spoken shows words in place of values, in their colours.
func spoken(list ...word) look { return look{{"mappings", words(list...)}, textColored()} }

// yesNo shows 1 and 0 as words. One of them has a colour.
func yesNo(yes, no string) look { return spoken(word{"1", "Yes", yes}, word{"0", "No", no}) }

func textColored() property { return property{"custom.cellOptions", object{"type": "color-text"}} }

// detailed leads to the tasks of the resource.
func detailed() look {
	return look{{"links", []object{{
		"title": "Show this resource", "targetBlank": false,
		"url": `/d/cbr-tasks?${datasource:queryparam}&var-project=${__data.fields["Project"]:percentencode}` +
			`&var-resource=${__data.fields["Resource"]:percentencode}&${__url_time_range}`,
	}}}}
}

// Columns that many tables have.
func resourceColumn() column {
	return column{name: "Resource", label: "resource_name", look: detailed()}
}

func vaultColumn() column { return column{name: "Vault", label: "vault"} }

func operationColumn() column { return column{name: "Operation", label: "operation_type"} }

func projectColumn() column { return column{name: "Project", label: "project"} }
