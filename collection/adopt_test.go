package collection_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// TestReloadKeepsWhatWasFound replaces a collection by one with the same and by one
// with other settings.
func TestReloadKeepsWhatWasFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.put("x", cbrapi.StatusRunning)
		old := follow(t, c, 0, nil)
		collect(old, 0)

		same := newCollection(t, c, 0, month)
		same.Adopt(old)
		old.Close()
		c.requestsSince()
		s := collect(same, 0)
		if lists, _ := c.requestsSince(); lists != 3 || !s.Found.Complete || len(s.Standings) != 1 || !slices.Equal(active(s), []string{"x"}) {
			t.Errorf("the same settings: %d lists, %+v", lists, s)
		}

		other := newCollection(t, c, 0, func(o *collection.Options) {
			month(o)
			o.Discovery.VaultIDs = []string{"w"}
		})
		other.Adopt(same)
		same.Close()
		if s := collect(other, 0); s.Found.Swept || len(s.Standings) != 0 {
			t.Errorf("other settings: got %+v", s)
		}
	})
}
