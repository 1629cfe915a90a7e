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

var endpointMistakes = mistakes{
	"endpoint without scheme": {
		yaml: oneProject + "    endpoint: cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint of another scheme": {
		yaml: oneProject + "    endpoint: ftp://cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint without host": {
		yaml: oneProject + "    endpoint: https://:443/\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint with user and password": {
		yaml: oneProject + "    endpoint: https://u:p@cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: a user name or password in the URL; remove it, credentials has a place for them`,
	},
	"endpoint with an empty query": {
		yaml: oneProject + "    endpoint: https://cbr.example.com?\n",
		want: `config.yml:6: projects[0].endpoint: a query or fragment in the URL; remove everything from the ? or # on`,
	},
	"iam_endpoint with a fragment": {
		yaml: oneProject + "    iam_endpoint: https://iam.example.com/#x\n",
		want: `config.yml:6: projects[0].iam_endpoint: a query or fragment in the URL; remove everything from the ? or # on`,
	},
	"password login without region": {
		yaml: with("region: cn-north-4", "endpoint: https://cbr.example.com", "token: T", "username: u, password: p, domain_name: d"),
		want: `config.yml:2: projects[0].iam_endpoint: missing; a password login needs it where there is no region`,
	},
	"endpoint with a port that cannot be": {
		yaml: oneProject + "    endpoint: https://cbr.example.com:99999\n",
		want: `config.yml:6: projects[0].endpoint: a port that cannot be; write one from 1 to 65535, or none`,
	},
	"endpoint with port 0": {
		yaml: oneProject + "    endpoint: https://cbr.example.com:0\n",
		want: `config.yml:6: projects[0].endpoint: a port that cannot be; write one from 1 to 65535, or none`,
	},
}
