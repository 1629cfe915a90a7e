package cbrapi

import (
	"cmp"
	"net/url"
)

// Protectable is a resource that exists in the cloud, whether or not a vault protects it. A
// field that the API did not send is zero or nil.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListProtectable.html.
type Protectable struct {
	ID      string // lower case
	Name    string
	Type    string // such as OS::Nova::Server
	Status  string // as the service of the resource has it, such as ACTIVE, or in-use for an attached disk
	VaultID string // lower case; "" if no vault holds the resource

	Refused bool   // the API cannot back it up
	Code    string // why it cannot
	Reason  string // the same for people

	// Invalid lists the fields that could not be read. They are zero or nil above.
	Invalid []InvalidField
}

// ProtectableType is a kind of resources that are listed together.
type ProtectableType string

// The kinds that the API documents.
const (
	ProtectableServer      ProtectableType = "server"
	ProtectableDisk        ProtectableType = "disk"
	ProtectableTurbo       ProtectableType = "turbo"
	ProtectableWorkspace   ProtectableType = "workspace"
	ProtectableWorkspaceV2 ProtectableType = "workspace_v2"
)

// maxProtectables is the largest page of protectable resources that the API documents.
const maxProtectables = 50

// Protectables returns the list of the resources of a kind, those in vaults as well. It
// sends nothing yet.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListProtectable.html.
func (c *Client) Protectables(kind ProtectableType) *List[Protectable] {
	list := newList(c, listRequest{
		operation: "ListProtectable",
		segments:  []string{"protectables", string(kind), "instances"},
		name:      "instances",
		path:      "instances.",
		query:     url.Values{},
		most:      maxKept,
	}, readProtectable)
	list.limit = maxProtectables
	return list
}

func readProtectable(o object) *Protectable {
	protectable := o.object("protectable")
	result := protectable.bool("result")
	p := &Protectable{
		ID:      o.id("id"),
		Name:    o.text("name"),
		Type:    o.text("type"),
		Status:  o.token("status"),
		VaultID: protectable.object("vault").id("id"),
		Refused: result != nil && !*result,
		Code:    protectable.token("code"),
		Reason:  cmp.Or(protectable.message("reason", maxText), protectable.message("message", maxText)),
	}
	p.Invalid = *o.found
	return p
}
