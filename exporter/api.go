package exporter

import (
	"context"
	"fmt"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// pacedAPI is the API of one project, which is asked no faster than its pacer
// allows. It is a collection.API and an inventory.API.
type pacedAPI struct {
	client func() *cbrapi.Client
	pacer  *pace.Pacer
}

// OperationLog implements collection.API.
func (a pacedAPI) OperationLog(ctx context.Context, id string) (log *cbrapi.OperationLog, err error) {
	err = paced(ctx, a.pacer, func(ctx context.Context) (err error) {
		log, err = a.client().OperationLog(ctx, id)
		return err
	})
	return log, err
}

// List implements collection.API.
func (a pacedAPI) List(f cbrapi.ListFilter) collection.List {
	return &pacedList{a.client().List(f), a.pacer}
}

// ListToEnd implements collection.API.
func (a pacedAPI) ListToEnd(f cbrapi.ListFilter) collection.List {
	return &pacedList{a.client().ListToEnd(f), a.pacer}
}

// tryList asks for the first page of the list of all tasks, with a single request
// however large it is, and returns what it has brought.
func (a pacedAPI) tryList(ctx context.Context) (list *cbrapi.Listing, tasks []*cbrapi.OperationLog, err error) {
	list = a.client().List(cbrapi.ListFilter{})
	err = paced(ctx, a.pacer, func(ctx context.Context) (err error) {
		tasks, err = list.Try(ctx)
		return err
	})
	return list, tasks, err
}

// pacedList is a listing whose pages keep to a pacer.
type pacedList struct {
	*cbrapi.Listing
	pacer *pace.Pacer
}

// Next implements collection.List.
func (l *pacedList) Next(ctx context.Context) (logs []*cbrapi.OperationLog, err error) {
	err = paced(ctx, l.pacer, func(ctx context.Context) (err error) {
		logs, err = l.Listing.Next(ctx)
		return err
	})
	return logs, err
}

// Vaults implements inventory.API.
func (a pacedAPI) Vaults() inventory.VaultList {
	return &pacedVaults{a.client().Vaults(), a.pacer}
}

// Policies implements inventory.API.
func (a pacedAPI) Policies(ctx context.Context) (policies []*cbrapi.Policy, invalid []cbrapi.InvalidField, err error) {
	err = paced(ctx, a.pacer, func(ctx context.Context) (err error) {
		policies, invalid, err = a.client().Policies(ctx)
		return err
	})
	return policies, invalid, err
}

// pacedVaults is a listing of vaults whose pages keep to a pacer.
type pacedVaults struct {
	*cbrapi.VaultListing
	pacer *pace.Pacer
}

// Next implements inventory.VaultList.
func (l *pacedVaults) Next(ctx context.Context) (vaults []*cbrapi.Vault, err error) {
	err = paced(ctx, l.pacer, func(ctx context.Context) (err error) {
		vaults, err = l.VaultListing.Next(ctx)
		return err
	})
	return vaults, err
}

// paced sends a request when the pacer allows it. Its error says so where it was
// not sent at all.
func paced(ctx context.Context, p *pace.Pacer, request func(context.Context) error) error {
	asked := false
	err := p.Do(ctx, func(ctx context.Context) error {
		asked = true
		return request(ctx)
	})
	if err != nil && !asked {
		return fmt.Errorf("%w: %w", collection.ErrNotAsked, err)
	}
	return err
}
