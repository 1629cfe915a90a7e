package simulator

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// listOperationLogs is https://support.huaweicloud.com/api-cbr/ListOpLogs.html.
func (s *Simulator) listOperationLogs(c *call) {
	l := *s.listing.Load()
	params := c.r.URL.Query()
	if !l.permits(params.Get("enterprise_project_id")) {
		c.policyDenied("cbr:tasks:list")
		return
	}
	q, ok := parseListQuery(params)
	if !ok {
		c.cbrError(http.StatusBadRequest, "BackupService.9900", "Parameter verification failed.")
		return
	}
	at := c.now.Add(-l.Lag)
	rows := slices.DeleteFunc(s.catalog.existing(at), func(e *entry) bool { return !q.matches(e, at, l) })
	s.sort(rows, l)
	from, to := l.page(q.limit, q.offset, len(rows), s.seed)
	c.replyList(s.fleet, rows[from:to], at, l.count(len(rows), to-from))
}

// replyList writes what is encoded already: to encode it again would cost more
// than all the rest.
func (c *call) replyList(f *fleet, page []*entry, at time.Time, count *int) {
	rows := make([][]byte, 0, len(page))
	for _, e := range page {
		rows = append(rows, e.text(f, at))
	}
	end := "]}"
	if count != nil {
		end = `],"count":` + strconv.Itoa(*count) + "}"
	}
	c.replyText(http.StatusOK, slices.Concat([]byte(`{"operation_logs":[`), bytes.Join(rows, []byte(",")), []byte(end)))
}

// policyDenied answers for a user without the permission for an action.
func (c *call) policyDenied(action string) {
	c.reply(http.StatusForbidden, struct {
		Message string `json:"error_msg"`
		Encoded string `json:"encoded_authorization_message"`
	}{"Policy doesn't allow " + action + " to be performed.", c.requestID})
}

// sort brings rows, which come oldest first, into the order of the listing.
func (s *Simulator) sort(rows []*entry, l Listing) {
	switch l.Order {
	case NewestFirst:
		slices.Reverse(rows)
	case Shuffled:
		var shuffle uint64
		if l.Reshuffle {
			shuffle = s.shuffles.Add(1)
		}
		shuffleRows(rows, uint64(s.seed)+shuffle)
	}
}

// shuffleRows gives each task a place of its own, so that two keep their order
// when others come or go.
func shuffleRows(rows []*entry, seed uint64) {
	type placed struct {
		place uint64
		entry *entry
	}
	places := make([]placed, 0, len(rows))
	for _, e := range rows {
		place := rand.NewPCG(seed, uint64(e.id.schedule)<<32|uint64(e.id.run)).Uint64()
		places = append(places, placed{place, e})
	}
	slices.SortFunc(places, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	for i, p := range places {
		rows[i] = p.entry
	}
}
