package collection

import (
	"fmt"
	"net/http"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// maxActive is how many tasks that are active may be found. More than the cloud can
// work on are a fault of the service, which may send ever new ones, and would be
// kept in memory.
const maxActive = 50_000

// bound returns an error where too many active tasks have been found, and forgets
// them all: those that are real are in the next list.
func (c *Collection) bound() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := len(c.entries) - len(c.configured)
	if found <= maxActive {
		return nil
	}
	for _, e := range c.entries {
		if !e.configured {
			c.forget(e)
		}
	}
	return &cbrapi.Error{
		Operation:  "ListOpLogs",
		StatusCode: http.StatusOK,
		Message:    fmt.Sprintf("the lists have %d active tasks; more than %d are taken to be made up", found, maxActive),
	}
}
