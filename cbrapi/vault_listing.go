package cbrapi

import (
	"context"
	"net/url"
	"time"
)

// maxVaults bounds a list of vaults, in rows: nobody has as many, but a service may
// have an answer to every offset.
const maxVaults = 100_000

// VaultListing reads the list of vaults page by page, as a Listing reads that of
// tasks to its end. It is not safe for concurrent use.
type VaultListing struct {
	pages *pages
	texts interned
}

// Vaults returns a listing of the vaults of the project. It sends nothing yet.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html.
func (c *Client) Vaults() *VaultListing {
	query := url.Values{}
	c.addEnterpriseProject(query)
	pages := newPages(c.service, &c.vaultPaging, c.get("ListVault", "vaults", query), "vaults")
	pages.path = "vaults."
	pages.toTheEnd = true // or a resource would seem not to be protected
	return &VaultListing{pages: pages, texts: interned{}}
}

// Next returns the vaults of the next page that the listing has not returned yet,
// which may be none. After an error, the next call asks for the same page again;
// ReasonOf classifies it. When the listing is done, Next does nothing.
//
// Vaults that come and go shift the pages, so half a list is worth nothing: one that
// is not in it may still exist.
func (l *VaultListing) Next(ctx context.Context) ([]*Vault, error) {
	if !l.pages.done && l.pages.rows >= maxVaults {
		return nil, l.pages.fault("the list goes on after %d rows", l.pages.rows)
	}
	var vaults []*Vault
	err := l.pages.next(ctx, func(row object) bool {
		vault := readVault(row)
		l.texts.vault(vault)
		vaults = append(vaults, vault)
		return true
	})
	if err != nil {
		return nil, err
	}
	return vaults, nil
}

// Done reports whether the list has ended.
func (l *VaultListing) Done() bool { return l.pages.done }

// More reports whether the newest page looks as if there were more behind it: it is
// as large as was asked for, or the count says so. Only reading on until Done shows
// whether there is.
func (l *VaultListing) More() bool { return l.pages.more }

// Rows returns how many rows have been received, those included that came again
// or could not be read.
func (l *VaultListing) Rows() int { return l.pages.rows }

// Date returns the time by the API's clock of the answer with the first page. It
// is zero before, and where the answer did not say.
func (l *VaultListing) Date() time.Time { return l.pages.date }

// Invalid returns what could not be read of the pages since the last call: rows that
// are no vault with an id, and the count. What could not be read of a vault is in
// Vault.Invalid.
func (l *VaultListing) Invalid() []InvalidField {
	invalid := l.pages.invalid
	l.pages.invalid = nil
	return invalid
}
