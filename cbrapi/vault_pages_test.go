package cbrapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Vaults are paged as tasks are, of which paging_test.go and large_page_test.go tell
// the whole story.
func TestVaultPages(t *testing.T) {
	for name, test := range map[string]struct {
		vaults int
		most   func(offset int) int
		count  func(total, offset, rows int) string
		fault  func(limit, offset int) http.HandlerFunc
		want   []string
		huge   int // rows left out
		asked  []string
	}{
		"none":           {asked: []string{"1000@0"}},
		"several pages":  {vaults: 2500, want: idsOf(2500), asked: []string{"1000@0", "1000@1000", "1000@2000", "1000@2500"}},
		"small pages":    {vaults: 250, most: atMost(100), want: idsOf(250), asked: []string{"1000@0", "1000@100", "1000@200", "1000@250"}},
		"no count":       {vaults: 3, count: func(int, int, int) string { return "" }, want: idsOf(3), asked: []string{"1000@0", "1000@3"}},
		"count too high": {vaults: 1, count: func(int, int, int) string { return `,"count":50` }, want: idsOf(1), asked: []string{"1000@0", "1000@1", "1000@1"}},
		"offset ignored": {
			fault: func(int, int) http.HandlerFunc {
				return reply(http.StatusOK, "application/json", `{"vaults":[`+strings.Join(rowsOf(3), ",")+`]}`)
			},
			want: idsOf(3), asked: []string{"1000@0", "1000@3"},
		},
		"too large": {
			vaults: 600,
			fault: func(limit, _ int) http.HandlerFunc {
				if limit > 500 {
					return tooLarge(true)
				}
				return nil
			},
			want: idsOf(600), asked: []string{"1000@0", "500@0", "500@500", "500@600"},
		},
		"a huge vault": {
			vaults: 2,
			fault: func(_, offset int) http.HandlerFunc {
				if offset == 0 {
					return tooLarge(true)
				}
				return nil
			},
			want: idsOf(2)[1:], huge: 1,
			asked: []string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0", "1@0",
				"1@1", "2@2",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{list: "vaults", rows: rowsOf(test.vaults), most: test.most, count: test.count, fault: test.fault}
			vaults, invalid, err := allVaults(t.Context(), newClient(t, serve(t, h.ServeHTTP)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range vaults {
				got = append(got, v.ID)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the vaults differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.asked, h.takeAsked()); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
			if len(invalid) != test.huge || test.huge > 0 && invalid[0].Value != "larger than 16384 KiB" {
				t.Errorf("invalid is %v, want %d rows", invalid, test.huge)
			}
		})
	}
}

// Half a list is none.
func TestVaultsFail(t *testing.T) {
	endless := func(_, offset int) http.HandlerFunc {
		var rows []string
		for n := range 1000 {
			rows = append(rows, rowOf(idOf(offset+n)))
		}
		return reply(http.StatusOK, "application/json", `{"vaults":[`+strings.Join(rows, ",")+`]}`)
	}
	second := func(answer http.HandlerFunc) func(int, int) http.HandlerFunc {
		return func(_, offset int) http.HandlerFunc {
			if offset == 0 {
				return nil
			}
			return answer
		}
	}
	for name, test := range map[string]struct {
		fault  func(limit, offset int) http.HandlerFunc
		want   string
		reason cbrapi.Reason
	}{
		"no permission": {
			func(int, int) http.HandlerFunc {
				return reply(http.StatusForbidden, "application/json", `{"error_code":"CBR.0403","error_msg":"no"}`)
			},
			"ListVault: HTTP status 403: CBR.0403: no", cbrapi.ReasonPermission,
		},
		"the second page": {second(reply(http.StatusBadGateway, "text/html", "<html>")), "ListVault: HTTP status 502", cbrapi.ReasonUpstream},
		"half a page":     {second(reply(http.StatusOK, "application/json", `{"vaults":[`+rowOf(taskID))), "ListVault: HTTP status 200", cbrapi.ReasonUpstream},
		"another list":    {second(reply(http.StatusOK, "application/json", `{"policies":[]}`)), "no list called vaults", cbrapi.ReasonUpstream},
		"no end":          {endless, "ListVault: HTTP status 200: the list goes on after 100000 rows", cbrapi.ReasonUpstream},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{list: "vaults", rows: rowsOf(1500), fault: test.fault}
			vaults, invalid, err := allVaults(t.Context(), newClient(t, serve(t, h.ServeHTTP)))
			if vaults != nil || invalid != nil || err == nil {
				t.Fatalf("allVaults() = %d vaults, %v, %v, want an error alone", len(vaults), invalid, err)
			}
			if !strings.Contains(err.Error(), test.want) || cbrapi.ReasonOf(err) != test.reason {
				t.Errorf("the error is %v for the reason %q, want %s for %q", err, cbrapi.ReasonOf(err), test.want, test.reason)
			}
		})
	}
}

// BenchmarkVaults reads a page of 100 vaults with 32 resources each from memory.
//
// The target is 80 ms on a shared core: it happens every five minutes. Most of it is
// encoding/json.
func BenchmarkVaults(b *testing.B) {
	var resources []string
	for n := range 32 {
		resources = append(resources, `{"id":"r`+strconv.Itoa(n)+`","type":"OS::Nova::Server","name":"web","size":40,`+
			`"backup_size":12,"backup_count":7,"protect_status":"available","auto_protect":true,"extra_info":{"exclude_volumes":["v"]}}`)
	}
	var rows []string
	for n := range 100 {
		rows = append(rows, fmt.Sprintf(`{"id":%q,"name":"v","billing":{"size":100,"allocated":40,"used":7,"status":"available"},"resources":[%s],"tags":[{"key":"k","value":"v"}]}`,
			idOf(n), strings.Join(resources, ",")))
	}
	body := `{"vaults":[` + strings.Join(rows, ",") + `],"count":100}`
	client := newClient(b, inMemory(http.StatusOK, "application/json", body))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		vaults, _, err := allVaults(b.Context(), client)
		if err != nil || len(vaults) != len(rows) {
			b.Fatalf("allVaults() = %d vaults, %v", len(vaults), err)
		}
	}
}
