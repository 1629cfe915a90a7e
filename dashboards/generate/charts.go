package main

// What is not set here is as Grafana has it by default.

// A stat shows the present value of each query.
type stat struct {
	head
	queries []query
	unit    string
	steps   object // thresholds
	words   []word
	names   bool // show the legend, too
	center  bool
	fields  []override
}

func (s stat) panel() panel {
	defaults := object{"unit": s.unit, "thresholds": s.steps}
	if len(s.words) > 0 {
		defaults["mappings"] = words(s.words...)
	}
	p := s.of("stat", instant(s.queries, "time_series"), defaults, s.fields...)
	p.Options = object{"graphMode": "none", "textMode": "value"}
	if s.names {
		p.Options["textMode"] = "value_and_name"
	}
	if s.center {
		p.Options["justifyMode"] = "center"
	}
	return p
}

// A graph shows the queries over time.
type graph struct {
	head
	queries []query
	unit    string
	stacked bool
	fields  []override
}

func (g graph) panel() panel {
	custom := object{"fillOpacity": 10}
	if g.stacked {
		custom = object{"fillOpacity": 60, "stacking": object{"mode": "normal", "group": "A"}}
	}
	p := g.of("timeseries", ranged(g.queries), object{"unit": g.unit, "min": 0, "custom": custom}, g.fields...)
	p.Options = object{"tooltip": object{"mode": "multi", "sort": "desc"}}
	return p
}

// colored shows series of a graph under other names and in fixed colours.
func colored(list ...word) []override {
	var all []override
	for _, w := range list {
		all = append(all, named(w.value, property{"displayName", w.text}, property{"color", fixed(w.color)}))
	}
	return all
}

func fixed(color string) object { return object{"mode": "fixed", "fixedColor": color} }

// A timeline shows when each series had which of some values.
type timeline struct {
	head
	query query
	words []word
}

func (t timeline) panel() panel {
	p := t.of("state-timeline", ranged([]query{t.query}), object{
		"unit": "none", "color": object{"mode": "thresholds"}, "mappings": words(t.words...),
	})
	p.Options = object{"showValue": "never", "legend": object{"calcs": []string{}, "displayMode": "list", "placement": "bottom", "showLegend": false}}
	return p
}
