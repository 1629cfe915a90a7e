package simulator

import (
	"net/http"
	"slices"
)

// listPolicies is
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html. All come
// at once.
func (s *Simulator) listPolicies(c *call) {
	l := *s.listing.Load()
	params := c.r.URL.Query()
	// The page does not have the parameter. No page tells either how else a user
	// who is confined to an enterprise project would get an answer.
	if !l.permits(params.Get("enterprise_project_id")) {
		c.policyDenied("cbr:policies:list")
		return
	}
	operation, vaultID := params.Get("operation_type"), params.Get("vault_id")
	rows := slices.DeleteFunc(s.catalog.policies(), func(p Policy) bool {
		return !l.IgnoreFilters &&
			(operation != "" && operation != p.OperationType || vaultID != "" && !p.binds(vaultID))
	})
	records := []policyRecord{}
	for _, p := range rows {
		records = append(records, p.record(s.seed))
	}
	c.reply(http.StatusOK, struct {
		Policies []policyRecord `json:"policies"`
		Count    *int           `json:"count,omitempty"`
	}{records, l.count(len(rows), len(rows))})
}
