package overview

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// pageSize is how many rows of a table are shown at a time.
const pageSize = 200

// Query selects rows. The zero Query selects all.
type Query struct {
	Text    string  // in any name, id, reason or error, whatever the case
	Project string  // name
	Vault   string  // id or name
	Type    string  // of operation
	States  []State // of the row, any of them
	Page    int     // of each table, from 1
}

// Values returns the query as parameters of a URL, without those that are as by default.
func (q Query) Values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"q": q.Text, "project": q.Project, "vault": q.Vault, "type": q.Type} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for _, s := range q.States {
		v.Add("state", string(s))
	}
	if q.Page > 1 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	return v
}

// ParseQuery reads the parameters of a URL that Values returns. It ignores others, and
// empty ones, as a form sends them.
func ParseQuery(v url.Values) (q Query, err error) {
	q = Query{Text: strings.TrimSpace(v.Get("q")), Project: v.Get("project"), Vault: v.Get("vault"), Type: v.Get("type"), Page: 1}
	if q.Type != "" && !slices.Contains(operationTypes(), cbrapi.OperationType(q.Type).Canonical()) {
		return q, fmt.Errorf("there is no type of operation %q; the parameter type is one of %s", q.Type, joined(operationTypes()))
	}
	for _, s := range v["state"] {
		switch {
		case s == "":
		case !slices.Contains(states(), State(s)):
			return q, fmt.Errorf("there is no state %q; the parameter state is one of %s", s, joined(states()))
		case !slices.Contains(q.States, State(s)):
			q.States = append(q.States, State(s))
		}
	}
	if text := v.Get("page"); text != "" {
		if q.Page, err = strconv.Atoi(text); err != nil || q.Page < 1 {
			return q, fmt.Errorf("the parameter page is %q, not a number from 1", text)
		}
	}
	return q, nil
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
