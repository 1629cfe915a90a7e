package main

// A panel is what Grafana reads of one.
type panel struct {
	ID              int          `json:"id"`
	Type            string       `json:"type"`
	Title           string       `json:"title"`
	Description     string       `json:"description,omitempty"`
	GridPos         gridPos      `json:"gridPos"`
	Collapsed       *bool        `json:"collapsed,omitempty"`
	Panels          *[]panel     `json:"panels,omitempty"`
	Datasource      object       `json:"datasource,omitempty"`
	Targets         []target     `json:"targets,omitempty"`
	FieldConfig     *fieldConfig `json:"fieldConfig,omitempty"`
	Options         object       `json:"options,omitempty"`
	Transformations []object     `json:"transformations,omitempty"`
}

type gridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

type target struct {
	RefID        string `json:"refId"`
	Datasource   object `json:"datasource"`
	Expr         string `json:"expr"`
	Instant      bool   `json:"instant,omitempty"`
	Range        bool   `json:"range,omitempty"`
	Format       string `json:"format"`
	LegendFormat string `json:"legendFormat,omitempty"`
}

type fieldConfig struct {
	Defaults  object     `json:"defaults"`
	Overrides []override `json:"overrides"`
}

type override struct {
	Matcher    object     `json:"matcher"`
	Properties []property `json:"properties"`
}

type property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

func named(name string, properties ...property) override {
	return override{object{"id": "byName", "options": name}, properties}
}

// A row is a heading.
type row string

func (r row) panel() panel {
	return panel{Type: "row", Title: string(r), GridPos: gridPos{W: 24, H: 1}, Collapsed: new(bool), Panels: &[]panel{}}
}

// A head is what all panels have: their size, title and description, and what they show when
// there is nothing to show.
type head struct {
	w, h                int
	title, about, empty string
}

// of returns a panel of a kind with the queries and the settings of fields.
func (h head) of(kind string, targets []target, defaults object, overrides ...override) panel {
	defaults["noValue"] = h.empty
	if overrides == nil {
		overrides = []override{}
	}
	return panel{
		Type: kind, Title: h.title, Description: h.about, GridPos: gridPos{W: h.w, H: h.h},
		Datasource: source(), Targets: targets, FieldConfig: &fieldConfig{defaults, overrides},
	}
}

// A query is an expression, and the legend of its series.
type query struct{ expr, legend string }

func instant(queries []query, format string) []target {
	targets := ranged(queries)
	for i := range targets {
		targets[i].Instant, targets[i].Range, targets[i].Format = true, false, format
	}
	return targets
}

func ranged(queries []query) []target {
	var targets []target
	for i, q := range queries {
		targets = append(targets, target{
			RefID: string(rune('A' + i)), Datasource: source(), Expr: expand(q.expr),
			Range: true, Format: "time_series", LegendFormat: q.legend,
		})
	}
	return targets
}

// A step is a colour, and the value from which on it is used.
type step struct {
	from  float64
	color string
}

// steps returns thresholds: a colour, and others further up.
func steps(base string, more ...step) object {
	list := []object{{"color": base, "value": nil}}
	for _, s := range more {
		list = append(list, object{"color": s.color, "value": s.from})
	}
	return object{"mode": "absolute", "steps": list}
}

// A word is what is shown in place of a value, and its colour.
type word struct{ value, text, color string }

func words(list ...word) []object {
	options := object{}
	for i, w := range list {
		options[w.value] = object{"text": w.text, "color": w.color, "index": i}
	}
	return []object{{"type": "value", "options": options}}
}

func statuses() []word {
	return []word{
		{"success", "Success", "green"},
		{"running", "Running", "blue"},
		{"waiting", "Waiting", "light-blue"},
		{"skipped", "Skipped", "yellow"},
		{"timeout", "Timed out", "orange"},
		{"failed", "Failed", "red"},
		{"unknown", "Unknown", "purple"},
	}
}
