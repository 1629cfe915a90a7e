package overview

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// pageSize is how many rows of a table are shown at a time.
const pageSize = 200

// Query selects and orders rows. The zero Query selects all.
type Query struct {
	Text    string  // in any name, id, reason or error, whatever the case
	Project string  // name
	Vault   string  // id or name
	Type    string  // of operation
	States  []State // of the row, any of them

	Sort       string // name of a column; "": the worst first
	Descending bool

	// The pages of the tables, from 1.
	Resources, Tasks, Vaults, Unprotected int
}

// param is a parameter of the URL.
type param[T any] struct {
	name  string
	value *T
}

func (q *Query) texts() []param[string] {
	return []param[string]{{"q", &q.Text}, {"project", &q.Project}, {"vault", &q.Vault}, {"type", &q.Type}}
}

func (q *Query) pages() []param[int] {
	return []param[int]{{"page", &q.Resources}, {"tasks_page", &q.Tasks}, {"vaults_page", &q.Vaults}, {"unprotected_page", &q.Unprotected}}
}

// Values returns the query as parameters of a URL, without those that are as by default.
func (q Query) Values() url.Values {
	v := url.Values{}
	for _, p := range q.texts() {
		if *p.value != "" {
			v.Set(p.name, *p.value)
		}
	}
	for _, s := range q.States {
		v.Add("state", string(s))
	}
	if sort := q.sort(); sort != "" {
		v.Set("sort", sort)
	}
	for _, p := range q.pages() {
		if *p.value > 1 {
			v.Set(p.name, strconv.Itoa(*p.value))
		}
	}
	return v
}

// sort is the parameter that orders rows.
func (q Query) sort() string {
	if q.Sort != "" && q.Descending {
		return "-" + q.Sort
	}
	return q.Sort
}

// maxText is how many characters the query has at most: names have 255.
const maxText = 255

// ParseQuery reads the parameters of a URL that Values returns. It ignores others, and
// empty ones, as a form sends them.
func ParseQuery(v url.Values) (q Query, err error) {
	for _, p := range q.texts() {
		*p.value = v.Get(p.name)
		if utf8.RuneCountInString(*p.value) > maxText {
			return q, fmt.Errorf("the parameter %s is longer than %d characters", p.name, maxText)
		}
	}
	q.Text = strings.TrimSpace(q.Text)
	for _, s := range v["state"] {
		switch {
		case s == "":
		case !slices.Contains(states(), State(s)):
			return q, fmt.Errorf("there is no state %q; the parameter state is one of %s", s, joined(states()))
		case !slices.Contains(q.States, State(s)):
			q.States = append(q.States, State(s))
		}
	}
	q.Sort, q.Descending = strings.CutPrefix(v.Get("sort"), "-")
	if !slices.Contains(columns(), q.Sort) && v.Get("sort") != "" {
		return q, fmt.Errorf("there is no column %q; the parameter sort is one of %s, with a - before it for the opposite order", q.Sort, joined(columns()))
	}
	for _, p := range q.pages() {
		*p.value = 1
		if text := v.Get(p.name); text != "" {
			if *p.value, err = strconv.Atoi(text); err != nil || *p.value < 1 {
				return q, fmt.Errorf("the parameter %s is %q, not a number from 1", p.name, text)
			}
		}
	}
	return q, nil
}

// columns returns the columns that order rows. A table that lacks the column has the worst
// first.
func columns() []string {
	return []string{"resource", "vault", "operation", "state", "success", "restorable", "duration"}
}

// operationTypes returns the types of operations that the API documents. It may have others.
func operationTypes() []cbrapi.OperationType {
	return []cbrapi.OperationType{
		cbrapi.OperationBackup, cbrapi.OperationReplication, cbrapi.OperationRestore, cbrapi.OperationDelete,
		cbrapi.OperationSync, cbrapi.OperationVaultDelete, cbrapi.OperationRemoveResource, cbrapi.OperationMigrateResources,
	}
}

func joined[S ~string](all []S) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}
