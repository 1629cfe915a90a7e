package cbrapi

import (
	"net/url"
	"time"
)

// ListFilter says which tasks a listing is about; a zero field does not filter.
// The service may ignore any of it: who needs a filter has to check it again.
type ListFilter struct {
	Status        Status
	OperationType OperationType
	VaultID       string
	// StartTime is sent as the API's start_time, rounded down to the second. Which
	// of a task's times the API compares with it is not documented.
	StartTime time.Time
}

func (f ListFilter) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"status":         string(f.Status),
		"operation_type": string(f.OperationType),
		"vault_id":       f.VaultID,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if !f.StartTime.IsZero() {
		query.Set("start_time", f.StartTime.UTC().Format("2006-01-02T15:04:05Z"))
	}
	return query
}
