package dashboards_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Those that choose among all; one that chooses within groups has them named first or
// last.
var (
	rankingStart = regexp.MustCompile(`\b(?:topk|bottomk)\s*\(`)
	rankingGroup = regexp.MustCompile(`^\s*(?:by|without)\b`)
)

// rankings are the parts of an expression that choose the first of all series.
func rankings(expr string) []string {
	var found []string
	for _, at := range rankingStart.FindAllStringIndex(expr, -1) {
		end := closing(expr, at[1])
		if !rankingGroup.MatchString(expr[end:]) {
			found = append(found, expr[at[0]:end])
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// closing is the place behind the parenthesis that closes one that opens before from.
func closing(expr string, from int) int {
	depth, quote := 1, byte(0)
	for i := from; i < len(expr); i++ {
		switch c := expr[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(expr)
}

// ranking checks that a table that shows the first of many shows the same of each
// query: else a row has no name, or a name no values.
func (l *linter) ranking(p panel) {
	var want []string
	for _, t := range p.Targets {
		if want = rankings(t.Expr); len(want) > 0 {
			break
		}
	}
	if len(want) == 0 {
		return
	}
	l.check(len(want) == 1, "several rankings: want one")
	for _, t := range p.Targets {
		l.check(slices.Equal(rankings(t.Expr), want), "target %s: does not choose its rows as the others do", t.RefID)
	}
}

func TestRankings(t *testing.T) {
	for _, tt := range []struct {
		name, expr string
		want       []string
	}{
		{"none", `max by (a) (topkey)`, nil},
		{"one", `topk(100, max by (a) (x)) * 2`, []string{`topk(100, max by (a) (x))`}},
		{"the same twice", `topk(1, x) or y and topk(1, x)`, []string{`topk(1, x)`}},
		{"two", `topk(1, x) or bottomk (1, y)`, []string{`bottomk (1, y)`, `topk(1, x)`}},
		{"within groups", `topk by (a) (1, x) or topk(1, x) without (b)`, nil},
		{"parentheses in text", `topk(1, x{a=")\"(", b=` + "`(\\`" + `})) + 1`, []string{`topk(1, x{a=")\"(", b=` + "`(\\`" + `})`}},
		{"unclosed", `topk(1, x`, []string{`topk(1, x`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rankings(tt.expr)); diff != "" {
				t.Errorf("rankings (-want +got):\n%s", diff)
			}
		})
	}
}
