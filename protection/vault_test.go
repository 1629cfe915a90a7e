package protection_test

import (
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

func TestAvailable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status cbrapi.VaultStatus
		frozen *bool
		want   string
	}{
		"available":             {cbrapi.VaultAvailable, nil, "true"},
		"available, not frozen": {cbrapi.VaultAvailable, new(false), "true"},
		"available, frozen":     {cbrapi.VaultAvailable, new(true), "false"},
		"lock":                  {cbrapi.VaultLock, nil, "true"},
		"frozen":                {cbrapi.VaultFrozen, nil, "false"},
		"frozen, not frozen":    {cbrapi.VaultFrozen, new(false), "false"},
		"deleting":              {cbrapi.VaultDeleting, nil, "unknown"},
		"error":                 {cbrapi.VaultError, nil, "false"},
		"unknown":               {"odd", nil, "false"},
		"none":                  {"", nil, "unknown"},
		"none, frozen":          {"", new(true), "false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &cbrapi.Vault{Frozen: test.frozen, Billing: cbrapi.Billing{Status: test.status}}
			if got := word(protection.Available(v)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	const gb = 1 << 30
	for name, test := range map[string]struct {
		used, capacity   *int64
		threshold        *float64
		expands          *bool
		full, nearlyFull string
	}{
		"99 %":                  {new(int64(99 * gb)), new(int64(100 * gb)), nil, nil, "true", "true"},
		"less than 99 %":        {new(int64(99*gb - 1)), new(int64(100 * gb)), nil, nil, "false", "true"},
		"85 %":                  {new(int64(85 * gb)), new(int64(100 * gb)), nil, nil, "false", "true"},
		"less than 85 %":        {new(int64(85*gb - 1)), new(int64(100 * gb)), nil, nil, "false", "false"},
		"more than all":         {new(int64(101 * gb)), new(int64(100 * gb)), nil, nil, "true", "true"},
		"at the threshold":      {new(int64(70 * gb)), new(int64(100 * gb)), new(70.0), nil, "false", "true"},
		"below the threshold":   {new(int64(90 * gb)), new(int64(100 * gb)), new(91.0), nil, "false", "false"},
		"threshold of 100":      {new(int64(99 * gb)), new(int64(100 * gb)), new(100.0), nil, "true", "false"},
		"threshold of 0":        {new(int64(85 * gb)), new(int64(100 * gb)), new(0.0), nil, "false", "true"},
		"expands, 99 %":         {new(int64(99 * gb)), new(int64(100 * gb)), new(80.0), new(true), "false", "false"},
		"expands, 100 %":        {new(int64(100 * gb)), new(int64(100 * gb)), new(80.0), new(true), "true", "false"},
		"does not expand":       {new(int64(99 * gb)), new(int64(100 * gb)), nil, new(false), "true", "true"},
		"empty":                 {new(int64(0)), new(int64(100 * gb)), nil, nil, "false", "false"},
		"use unknown":           {nil, new(int64(100 * gb)), nil, nil, "unknown", "unknown"},
		"use unknown, expands":  {nil, new(int64(100 * gb)), nil, new(true), "unknown", "unknown"},
		"capacity unknown":      {new(int64(1)), nil, nil, nil, "unknown", "unknown"},
		"capacity 0":            {new(int64(0)), new(int64(0)), nil, nil, "unknown", "unknown"},
		"capacity below 0":      {new(int64(1)), new(int64(-1)), nil, nil, "unknown", "unknown"},
		"10 PB, less than 99 %": {new(int64(99*100*1024*gb - gb)), new(int64(100 * 100 * 1024 * gb)), nil, nil, "false", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &cbrapi.Vault{Threshold: test.threshold, AutoExpand: test.expands, Billing: cbrapi.Billing{Used: test.used, Capacity: test.capacity}}
			if full, nearly := word(protection.Full(v)), word(protection.NearlyFull(v)); full != test.full || nearly != test.nearlyFull {
				t.Errorf("full %s, nearly full %s; want %s, %s", full, nearly, test.full, test.nearlyFull)
			}
		})
	}
}
