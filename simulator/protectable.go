package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// A Protectable is a resource that exists in the cloud and could be in a vault, see
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListProtectable.html. Which vault holds
// it follows from the vaults.
type Protectable struct {
	ID   string
	Name string
	Type string // OS::Nova::Server and so on
	// Kind is the list that it is in: server, disk, turbo, workspace or workspace_v2; empty:
	// that of its type.
	Kind   string
	Size   int64  // GB
	Status string // ACTIVE, SHUTOFF, in-use, available and so on

	Code, Reason string // why it cannot be protected; empty: it can
}

// SetProtectables replaces all resources that exist. They are listed in this order.
func (s *Simulator) SetProtectables(protectables ...Protectable) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	given := slices.Clone(protectables)
	s.catalog.givenProtectables = &given
}

// Protectables returns all resources that exist now, whatever the service lists.
func (s *Simulator) Protectables() []Protectable { return s.catalog.protectables(s.now()) }

// protectables returns all resources that exist. The caller may change them.
func (c *catalog) protectables(now time.Time) []Protectable {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.givenProtectables != nil {
		return slices.Clone(*c.givenProtectables)
	}
	all := c.project.protectablesAt(now)
	for _, n := range c.renames {
		if !n.at.After(now) {
			n.applyToProtectables(all)
		}
	}
	return all
}

// kind returns the list that a resource is in.
func (p Protectable) kind() string {
	if p.Kind != "" {
		return p.Kind
	}
	switch p.Type {
	case kindDisk:
		return "disk"
	case kindSFSTurbo:
		return "turbo"
	case kindWorkspace:
		return "workspace_v2"
	}
	return "server"
}

// maxProtectables is the largest page of protectable resources, and here the default one.
const maxProtectables = 50

// listProtectables is
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListProtectable.html. The list can be
// filtered, by name and so on; here it cannot.
func (s *Simulator) listProtectables(x *exchange) {
	l := *s.listing.Load()
	params := x.r.URL.Query()
	if !l.permits(params) {
		// See https://support.huaweicloud.com/intl/en-us/api-cbr/cbr_04_0018.html.
		x.policyDenied("cbr:vaults:listProtectables")
		return
	}
	params.Set("limit", cmp.Or(params.Get("limit"), strconv.Itoa(maxProtectables)))
	page, ok := parsePage(params)
	kind := x.r.PathValue("protectable_type")
	if !ok || page.limit > maxProtectables || !slices.Contains([]string{"server", "disk", "turbo", "workspace", "workspace_v2"}, kind) {
		x.invalidParameter()
		return
	}
	all := slices.DeleteFunc(s.catalog.protectables(x.now), func(p Protectable) bool { return p.kind() != kind })
	holders := make(map[string]*vaultRecord)
	for _, v := range s.catalog.vaults(x.now) {
		record := v.record()
		for _, r := range v.Resources {
			holders[r.ID] = &record
		}
	}
	from, to := l.page(page, len(all), s.seed)
	records := []protectableRecord{}
	for _, p := range all[from:to] {
		records = append(records, p.record(holders[p.ID]))
	}
	x.reply(http.StatusOK, struct {
		Instances []protectableRecord `json:"instances"`
		Count     *int                `json:"count,omitempty"`
	}{records, l.count(len(all), len(records))})
}

// A protectableRecord is a resource as the API writes it.
type protectableRecord struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	Name        string            `json:"name"`
	Size        int64             `json:"size"`
	Status      string            `json:"status"`
	Protectable protectableResult `json:"protectable"`
}

type protectableResult struct {
	Result  bool         `json:"result"`
	Code    string       `json:"code"`
	Reason  string       `json:"reason"`
	Message string       `json:"message,omitempty"` // documented, and why the result is false; here the reason
	Vault   *vaultRecord `json:"vault"`             // with all its resources; null if none holds it
}

func (p Protectable) record(holder *vaultRecord) protectableRecord {
	return protectableRecord{p.ID, p.Type, p.Name, p.Size, p.Status, protectableResult{
		Result:  p.Code == "" && p.Reason == "",
		Code:    p.Code,
		Reason:  p.Reason,
		Message: p.Reason,
		Vault:   holder,
	}}
}
