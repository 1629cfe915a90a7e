package config_test

import (
	"fmt"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/config"
)

func TestEndpointsOfRegions(t *testing.T) {
	cases := []struct{ region, backup, identity string }{
		{"cn-north-4", "https://cbr.cn-north-4.myhuaweicloud.com", "https://iam.cn-north-4.myhuaweicloud.com"},
		{"a-new-one-1", "https://cbr.a-new-one-1.myhuaweicloud.com", "https://iam.a-new-one-1.myhuaweicloud.com"},
		{"cn-south-4", "https://cbr.cn-south-4.myhuaweicloud.com", "https://iam.myhuaweicloud.com"},
		{"eu-west-101", "https://cbr.eu-west-101.myhuaweicloud.eu", "https://iam.eu-west-101.myhuaweicloud.eu"},
		{"eu-de", "https://cbr.eu-de.otc.t-systems.com", "https://iam.eu-de.otc.t-systems.com"},
		{"eu-west-0", "https://cbr.eu-west-0.prod-cloud-ocb.orange-business.com", "https://iam.eu-west-0.prod-cloud-ocb.orange-business.com"},
	}
	for _, test := range cases {
		t.Run(test.region, func(t *testing.T) {
			c, err := config.Parse("config.yml", fmt.Appendf(nil, `
projects:
  - region: %s
    project_id: p
    credentials: {token: t}
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
`, test.region), none)
			if err != nil {
				t.Fatal(err)
			}
			if p := c.Projects[0]; p.Endpoint != test.backup || p.IAMEndpoint != test.identity {
				t.Errorf("got %s and %s, want %s and %s", p.Endpoint, p.IAMEndpoint, test.backup, test.identity)
			}
		})
	}
}
