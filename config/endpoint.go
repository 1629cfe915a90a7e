package config

import "slices"

// endpoints returns the URLs of the backup and the identity service in a region.
// They are advice: clouds add regions and hosts, and the configuration may name
// others.
//
// See https://developer.huaweicloud.com/intl/en-us/endpoint,
// https://docs.otc.t-systems.com/regions-and-endpoints/, and for the regions
// without an identity service of their own the vendor's SDK.
func endpoints(region string) (backup, identity string) {
	domain := "myhuaweicloud.com"
	switch region {
	case "eu-de", "eu-nl":
		domain = "otc.t-systems.com" // Open Telekom Cloud
	case "eu-west-0":
		domain = "prod-cloud-ocb.orange-business.com" // Flexible Engine
	case "eu-west-101":
		domain = "myhuaweicloud.eu"
	}
	backup = "https://cbr." + region + "." + domain
	identity = "https://iam." + region + "." + domain
	if slices.Contains([]string{
		"af-north-1", "ap-southeast-5", "cn-north-11", "cn-south-4", "cn-southwest-3", "ru-northwest-2",
	}, region) {
		identity = "https://iam." + domain
	}
	return backup, identity
}
