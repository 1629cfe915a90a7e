package config

import (
	"net/url"
	"slices"
	"strings"
)

// A cloud has regions whose services have hosts of one pattern.
type cloud struct {
	domain  string
	iamName string // of the identity service, in place of iam
	regions []string
}

// clouds returns the clouds with the regions that have CBR.
//
// See https://developer.huaweicloud.com/intl/en-us/endpoint,
// https://docs.otc.t-systems.com/regions-and-endpoints/,
// https://docs.sc.otc.t-systems.com/en-us/endpoint/index.html and
// https://cloud.orange-business.com/en/regions-and-endpoints/. The vendor's SDK lists
// the regions of CBR.
func clouds() []cloud {
	return []cloud{
		{"myhuaweicloud.com", "iam", []string{
			"ae-ad-1", "af-north-1", "af-south-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
			"ap-southeast-5", "cn-east-2", "cn-east-3", "cn-east-4", "cn-east-5", "cn-north-1", "cn-north-2", "cn-north-4",
			"cn-north-9", "cn-north-11", "cn-north-12", "cn-south-1", "cn-south-2", "cn-south-4", "cn-southwest-2",
			"cn-southwest-3", "la-north-2", "la-south-2", "me-east-1", "my-kualalumpur-1", "na-mexico-1", "ru-moscow-1",
			"ru-northwest-2", "sa-brazil-1", "tr-west-1",
		}},
		{"myhuaweicloud.eu", "iam", []string{"eu-west-101"}},
		{"otc.t-systems.com", "iam", []string{"eu-de", "eu-nl"}},
		{"sc.otc.t-systems.com", "iam-pub", []string{"eu-ch2"}},
		{"prod-cloud-ocb.orange-business.com", "iam", []string{"eu-west-0"}},
	}
}

// withoutIAM have no identity service of their own, by the vendor's SDK.
func withoutIAM() []string {
	return []string{"af-north-1", "ap-southeast-5", "cn-north-11", "cn-south-4", "cn-southwest-3", "ru-northwest-2"}
}

// endpoints returns the URLs of the backup and the identity service in a region. One
// that is not known counts as one of Huawei Cloud.
func endpoints(region string) (backup, identity string, known bool) {
	all := clouds()
	in := all[0]
	for _, c := range all {
		if slices.Contains(c.regions, region) {
			in, known = c, true
		}
	}
	backup = "https://cbr." + region + "." + in.domain
	identity = "https://" + in.iamName + "." + region + "." + in.domain
	if slices.Contains(withoutIAM(), region) {
		identity = "https://iam." + in.domain
	}
	return backup, identity, known
}

// checkEndpoint reports a URL that is not that of a service. An empty one is valid.
// Like checkProxy, it does not show the URL, which may contain a password.
func checkEndpoint(endpoint string, p problems) {
	if endpoint == "" {
		return
	}
	u, ok := parseURL(endpoint, "http", "https")
	switch {
	case !ok:
		p.add("not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com")
	case u.User != nil:
		p.add("a user name or password in the URL; move it to credentials")
	case strings.ContainsAny(endpoint, "?#"):
		p.add("a query or fragment in the URL; remove everything from the ? or # on")
	case strings.Contains(u.Path+"/", "/v3/"):
		p.add("the path has /v3, which the exporter adds itself; remove it and everything after it")
	}
}

func checkProxy(proxy string, p problems) {
	if !isProxy(proxy) {
		p.add("not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5")
	}
}

func isProxy(text string) bool {
	_, ok := parseURL(text, "http", "https", "socks5", "socks5h")
	return ok
}

// parseURL returns false if text is not a URL with one of the schemes and a host,
// or if the host is a placeholder such as <host>.
func parseURL(text string, schemes ...string) (*url.URL, bool) {
	u, err := url.Parse(text)
	return u, err == nil && slices.Contains(schemes, u.Scheme) && u.Hostname() != "" && !strings.ContainsAny(u.Host, `<>"`)
}
