package exporter

import (
	"context"
	"fmt"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// api is the API of one project, of which the client may be found only later. It is
// a collection.API and an inventory.API.
type api struct {
	client func() *cbrapi.Client
}

// OperationLog implements collection.API.
func (a api) OperationLog(ctx context.Context, id string) (*cbrapi.OperationLog, error) {
	return a.client().OperationLog(ctx, id)
}

// List implements collection.API.
func (a api) List(f cbrapi.ListFilter) collection.List { return a.client().List(f) }

// ListToEnd implements collection.API.
func (a api) ListToEnd(f cbrapi.ListFilter) collection.List { return a.client().ListToEnd(f) }

// Vaults implements inventory.API.
func (a api) Vaults() inventory.VaultList { return a.client().Vaults() }

// Policies implements inventory.API.
func (a api) Policies(ctx context.Context) ([]*cbrapi.Policy, []cbrapi.InvalidField, error) {
	return a.client().Policies(ctx)
}

// paced returns what has requests keep to a pacer. Its error says so where one was
// not sent at all.
func paced(p *pace.Pacer) func(context.Context, func(context.Context) error) error {
	return func(ctx context.Context, send func(context.Context) error) error {
		asked := false
		err := p.Do(ctx, func(ctx context.Context) error {
			asked = true
			return send(ctx)
		})
		if err != nil && !asked {
			return fmt.Errorf("%w: %w", collection.ErrNotAsked, err)
		}
		return err
	}
}
