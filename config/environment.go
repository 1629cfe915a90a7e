package config

import (
	"strings"
	"unicode"
)

// Environment looks up an environment variable. os.LookupEnv is one.
type Environment func(name string) (value string, set bool)

// get returns the value of a variable, without the white space around it: it
// often comes from a file. One that is set to nothing counts as not set.
func (e Environment) get(name string) string {
	value, _ := e(name)
	return strings.TrimSpace(value)
}

// A variable is an environment variable that holds a part of some credentials.
type variable struct {
	name     string
	to       func(*Credentials) *string
	optional bool
}

// environmentCredentials lists the variables of each tool that shares its
// credentials with us, in the order in which they are looked for: the vendor's
// SDKs, the vendor's sample code, Terraform, OpenStack's clients. Huawei's own
// are named at https://github.com/huaweicloud/huaweicloud-sdk-go-v3 and
// https://registry.terraform.io/providers/huaweicloud/huaweicloud/latest/docs.
func environmentCredentials() [][]variable {
	accessKey := func(c *Credentials) *string { return &c.AccessKey }
	secretKey := func(c *Credentials) *string { return (*string)(&c.SecretKey) }
	securityToken := func(c *Credentials) *string { return (*string)(&c.SecurityToken) }
	return [][]variable{
		{
			{name: "HUAWEICLOUD_SDK_AK", to: accessKey},
			{name: "HUAWEICLOUD_SDK_SK", to: secretKey},
			{name: "HUAWEICLOUD_SDK_SECURITY_TOKEN", to: securityToken, optional: true},
		},
		{
			{name: "CLOUD_SDK_AK", to: accessKey},
			{name: "CLOUD_SDK_SK", to: secretKey},
		},
		{
			{name: "HW_ACCESS_KEY", to: accessKey},
			{name: "HW_SECRET_KEY", to: secretKey},
			{name: "HW_SECURITY_TOKEN", to: securityToken, optional: true},
		},
		{
			{name: "OS_USERNAME", to: func(c *Credentials) *string { return &c.Username }},
			{name: "OS_PASSWORD", to: func(c *Credentials) *string { return (*string)(&c.Password) }},
			{name: "OS_DOMAIN_NAME", to: func(c *Credentials) *string { return &c.DomainName }},
		},
	}
}

// readEnvironment takes the credentials from the first group of variables of
// which at least one is set. A group that is set in part is a mistake, even
// where a later one is complete. Where none is set, the agency of the server is
// left. The node is where the file has no credentials.
func (c *Credentials) readEnvironment(n node) {
	for _, group := range environmentCredentials() {
		var set, lacking []string
		for _, v := range group {
			switch value := n.environment.get(v.name); {
			case value != "":
				set = append(set, v.name)
				*v.to(c) = value
				if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
					n.problem("the environment variable %s has a line break or another character that cannot be printed; remove it", v.name)
				}
				if placeholder.MatchString(value) {
					n.problem("the environment variable %s is still a placeholder; set it to your own value", v.name)
				}
			case !v.optional:
				lacking = append(lacking, v.name)
			}
		}
		if set == nil {
			continue
		}
		c.Environment = set
		if lacking != nil {
			n.problem("incomplete credentials in the environment: %s without %s; set all of them or none", list(set), list(lacking))
		}
		return
	}
	c.ECSAgency, c.Assumed = defaultECSAgency(), true
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	head, tail := words[:len(words)-1], words[len(words)-1]
	return strings.Join(head, ", ") + " and " + tail
}
