package inventory

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// Remedy says what to look at when the vaults or the policies could not be read for
// the reason.
func Remedy(reason cbrapi.Reason) string {
	if reason == cbrapi.ReasonPermission {
		return "allow the user cbr:vaults:list and cbr:policies:list, for example by the system policy CBR ReadOnlyAccess, or remove vaults from the project; if that is granted in an enterprise project, set enterprise_project_id"
	}
	return collection.Remedy(reason)
}
