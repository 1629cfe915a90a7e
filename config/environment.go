package config

import (
	"regexp"
	"slices"
	"strings"
)

// Environment is a list of variables in the form NAME=value, as os.Environ returns it.
type Environment []string

// lookup returns the value of a variable without the white space around it, since it
// often comes from a file.
func (e Environment) lookup(name string) string {
	for _, v := range e {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// checkProxies reports variables that are not URLs of proxies: requests would be sent without
// a proxy, or to another one. A URL may lack the scheme.
func (e Environment) checkProxies(p problems) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		proxy := e.lookup(name)
		if proxy != "" && !strings.Contains(proxy, "://") {
			proxy = "http://" + proxy
		}
		if proxy != "" && !isProxy(proxy) {
			p.add("the variable %s is not the URL of a proxy; write it like http://user:password@proxy.example.com:3128, with %%25, %%23, %%2F and %%3F for %%, #, / and ? in the password", name)
		}
	}
}

// A variable of the environment holds a part of some credentials.
type variable struct {
	key   string   // of the part
	names []string // the first that is set counts
}

// variables returns the groups of variables in the order in which they are looked
// for: those of the vendor's SDKs, the vendor's sample code, Terraform, and what the
// users of Open Telekom Cloud and OpenStack's clients have.
//
// See https://github.com/huaweicloud/huaweicloud-sdk-go-v3,
// https://registry.terraform.io/providers/huaweicloud/huaweicloud/latest/docs and
// https://registry.terraform.io/providers/opentelekomcloud/opentelekomcloud/latest/docs.
func variables() [][]variable {
	keys := func(accessKey, secretKey string) []variable {
		return []variable{{"access_key", []string{accessKey}}, {"secret_key", []string{secretKey}}}
	}
	temporary := func(accessKey, secretKey, securityToken string) []variable {
		return append(keys(accessKey, secretKey), variable{"security_token", []string{securityToken}})
	}
	return [][]variable{
		temporary("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
		keys("CLOUD_SDK_AK", "CLOUD_SDK_SK"),
		temporary("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"),
		temporary("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN"),
		{{"token", []string{"OS_TOKEN", "OS_AUTH_TOKEN"}}},
		{
			{"username", []string{"OS_USERNAME"}},
			{"password", []string{"OS_PASSWORD"}},
			{"domain_name", []string{"OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"}},
		},
	}
}

// credentialName matches variables that have a prefix of a known family and end like
// credentials.
var credentialName = regexp.MustCompile(`(?i)^(HUAWEI_?CLOUD|CLOUD_SDK|HW|OS)_(\w+_)?(AK|SK|\w+KEY|SECRET|PASSW(OR)?D|TOKEN|USER(_?NAME)?)$`)

// likeCredentials returns the names of variables that look like credentials.
func (e Environment) likeCredentials() []string {
	var names []string
	for _, v := range e {
		name, value, _ := strings.Cut(v, "=")
		if strings.TrimSpace(value) != "" && credentialName.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readEnvironment reads the first group of variables of which one is set, and not to
// nothing. A group that is set in part is an error, even if a later one is complete.
// If none is set, the ECS agency is used, unless other variables look like credentials.
func (c *Credentials) readEnvironment(environment Environment, p problems) {
	for _, group := range variables() {
		// Other programs set a domain too: alone it is no sign of credentials.
		if slices.ContainsFunc(group, func(v variable) bool { return v.key != "domain_name" && environment.nameOf(v) != "" }) {
			c.readGroup(group, environment, p)
			return
		}
	}
	c.Source = "for lack of credentials in file and environment"
	c.ECSAgency = &ECSAgency{Endpoint: defaultMetadataEndpoint}
	if unread := environment.likeCredentials(); unread != nil {
		p.add("missing, and the environment has variables that look like credentials but are not read: %s; correct their names (config.yml lists those that are read), or write ecs_agency: {} for the agency of this server",
			strings.Join(unread, ", "))
	}
}

func (c *Credentials) readGroup(group []variable, environment Environment, p problems) {
	c.Source = "in the environment"
	parts := map[string]part{}
	for _, part := range c.parts() {
		parts[part.key] = part
	}
	var missing []string
	for _, v := range group {
		name, part := environment.nameOf(v), parts[v.key]
		switch {
		case name != "":
			c.Variables = append(c.Variables, name)
			*part.value = environment.lookup(name)
			subject := "the environment variable " + name
			if placeholder.MatchString(*part.value) {
				p.add("%s is still a placeholder; set it to your own value", subject)
			}
			part.check(subject, *part.value, p)
		case !part.isOptional():
			missing = append(missing, strings.Join(v.names, " or "))
		}
	}
	if missing != nil {
		p.add("incomplete credentials from the environment: %s without %s; set all of them or none",
			strings.Join(c.Variables, ", "), strings.Join(missing, ", "))
	}
}

// nameOf returns the name by which the variable is set; "" if it is not.
func (e Environment) nameOf(v variable) string {
	for _, name := range v.names {
		if e.lookup(name) != "" {
			return name
		}
	}
	return ""
}
