package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

func TestRegions(t *testing.T) {
	const (
		telekom = ".otc.t-systems.com"
		orange  = ".prod-cloud-ocb.orange-business.com"
		begin   = "config.yml:2: projects[0].region: "
	)
	for region, want := range map[string]struct{ backup, identity, warning string }{
		"cn-north-4":  {"https://cbr.cn-north-4.myhuaweicloud.com", "https://iam.cn-north-4.myhuaweicloud.com", ""},
		"cn-south-4":  {"https://cbr.cn-south-4.myhuaweicloud.com", "https://iam.myhuaweicloud.com", ""},
		"eu-west-101": {"https://cbr.eu-west-101.myhuaweicloud.eu", "https://iam.eu-west-101.myhuaweicloud.eu", ""},
		"eu-de":       {"https://cbr.eu-de" + telekom, "https://iam.eu-de" + telekom, ""},
		"eu-nl":       {"https://cbr.eu-nl" + telekom, "https://iam.eu-nl" + telekom, ""},
		"eu-ch2":      {"https://cbr.eu-ch2.sc" + telekom, "https://iam-pub.eu-ch2.sc" + telekom, ""},
		"eu-west-0":   {"https://cbr.eu-west-0" + orange, "https://iam.eu-west-0" + orange, ""},
		"cn-nort-4": {
			"https://cbr.cn-nort-4.myhuaweicloud.com", "https://iam.cn-nort-4.myhuaweicloud.com",
			begin + "cn-nort-4 is not known to this version; correct it, or set endpoint if https://cbr.cn-nort-4.myhuaweicloud.com does not resolve",
		},
	} {
		t.Run(region, func(t *testing.T) {
			c, err := config.Parse("config.yml", ".", []byte(with("cn-north-4", region)), none)
			if err != nil {
				t.Fatal(err)
			}
			if p := c.Projects[0]; p.Endpoint != want.backup || p.IAMEndpoint != want.identity {
				t.Errorf("got %s and %s, want %s and %s", p.Endpoint, p.IAMEndpoint, want.backup, want.identity)
			}
			var warnings []string
			if want.warning != "" {
				warnings = []string{want.warning}
			}
			if d := cmp.Diff(warnings, c.Warnings); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// TestUnknownRegion checks that a region of a private cloud is no reason for a warning
// unless an endpoint follows from it.
func TestUnknownRegion(t *testing.T) {
	const at = "    endpoint: https://cbr.example.com\n"
	for name, test := range map[string]struct {
		yaml, want string
	}{
		"endpoint alone": {with("cn-north-4", "hcs-1") + at, ""},
		"login": {
			with("cn-north-4", "hcs-1", "token: T", "username: u, password: p, domain_name: d") + at,
			"config.yml:2: projects[0].region: hcs-1 is not known to this version; correct it, or set iam_endpoint if https://iam.hcs-1.myhuaweicloud.com does not resolve",
		},
		"both endpoints": {
			with("cn-north-4", "hcs-1", "token: T", "username: u, password: p, domain_name: d") + at + "    iam_endpoint: https://iam.example.com\n", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse("config.yml", ".", []byte(test.yaml), none)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(c.Warnings) > 0 {
				got = c.Warnings[0]
			}
			if got != test.want || len(c.Warnings) > 1 {
				t.Errorf("got %q, want %q", c.Warnings, test.want)
			}
		})
	}
}
