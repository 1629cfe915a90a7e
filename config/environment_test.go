package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// environment returns one with the variables: NAME=value NAME=value.
func environment(variables ...string) config.Environment {
	all := map[string]string{}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		all[name] = value
	}
	return func(name string) (string, bool) {
		value, set := all[name]
		return value, set
	}
}

// noneGiven are configurations that leave their credentials to the environment.
func noneGiven() map[string]string {
	return map[string]string{
		"left out": with("    credentials: {token: T}\n", ""),
		"empty":    with("{token: T}", "{}"),
		"no value": with("{token: T}", "\n      # token: T"),
	}
}

func TestEnvironment(t *testing.T) {
	sdk := []string{"HUAWEICLOUD_SDK_AK=A1", "HUAWEICLOUD_SDK_SK=S1"}
	sample := []string{"CLOUD_SDK_AK=A2", "CLOUD_SDK_SK=S2"}
	terraform := []string{"HW_ACCESS_KEY=A3", "HW_SECRET_KEY=S3"}
	openStack := []string{"OS_USERNAME=u", "OS_PASSWORD=p", "OS_DOMAIN_NAME=d"}
	all := func(groups ...[]string) (variables []string) {
		for _, g := range groups {
			variables = append(variables, g...)
		}
		return variables
	}
	for name, test := range map[string]struct {
		variables []string
		want      config.Credentials
	}{
		"SDK": {sdk, config.Credentials{
			AccessKey: "A1", SecretKey: "S1", Environment: []string{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"},
		}},
		"SDK, temporary": {append(sdk, "HUAWEICLOUD_SDK_SECURITY_TOKEN=T1"), config.Credentials{
			AccessKey: "A1", SecretKey: "S1", SecurityToken: "T1",
			Environment: []string{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"},
		}},
		"sample code": {sample, config.Credentials{
			AccessKey: "A2", SecretKey: "S2", Environment: []string{"CLOUD_SDK_AK", "CLOUD_SDK_SK"},
		}},
		"Terraform": {terraform, config.Credentials{
			AccessKey: "A3", SecretKey: "S3", Environment: []string{"HW_ACCESS_KEY", "HW_SECRET_KEY"},
		}},
		"Terraform, temporary": {append(terraform, "HW_SECURITY_TOKEN=T3"), config.Credentials{
			AccessKey: "A3", SecretKey: "S3", SecurityToken: "T3",
			Environment: []string{"HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"},
		}},
		"OpenStack": {openStack, config.Credentials{
			Username: "u", Password: "p", DomainName: "d", Environment: []string{"OS_USERNAME", "OS_PASSWORD", "OS_DOMAIN_NAME"},
		}},
		"all of them": {all(openStack, terraform, sample, sdk), config.Credentials{
			AccessKey: "A1", SecretKey: "S1", Environment: []string{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"},
		}},
		"all but the first": {all(openStack, terraform, sample), config.Credentials{
			AccessKey: "A2", SecretKey: "S2", Environment: []string{"CLOUD_SDK_AK", "CLOUD_SDK_SK"},
		}},
		"the last two": {all(openStack, terraform), config.Credentials{
			AccessKey: "A3", SecretKey: "S3", Environment: []string{"HW_ACCESS_KEY", "HW_SECRET_KEY"},
		}},
		"set to nothing": {append(terraform, "HUAWEICLOUD_SDK_AK=", "HUAWEICLOUD_SDK_SECURITY_TOKEN= ", "HW_SECURITY_TOKEN="), config.Credentials{
			AccessKey: "A3", SecretKey: "S3", Environment: []string{"HW_ACCESS_KEY", "HW_SECRET_KEY"},
		}},
		"none": {nil, config.Credentials{
			ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}, Assumed: true,
		}},
		"all set to nothing": {[]string{"HUAWEICLOUD_SDK_AK=", "HUAWEICLOUD_SDK_SK= ", "OS_PASSWORD="}, config.Credentials{
			ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}, Assumed: true,
		}},
		"from files": {[]string{"CLOUD_SDK_AK= A2\n", "CLOUD_SDK_SK=S2\r\n"}, config.Credentials{
			AccessKey: "A2", SecretKey: "S2", Environment: []string{"CLOUD_SDK_AK", "CLOUD_SDK_SK"},
		}},
	} {
		for file, yaml := range noneGiven() {
			t.Run(name+"/"+file, func(t *testing.T) {
				got, err := config.Parse("config.yml", []byte(yaml), environment(test.variables...))
				if err != nil {
					t.Fatal(err)
				}
				want := prod()
				want.Projects[0].Credentials = test.want
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

func TestEnvironmentErrors(t *testing.T) {
	const belong = "config.yml:2: projects[0].credentials: incomplete credentials in the environment: "
	for name, test := range map[string]struct {
		variables []string
		want      string
	}{
		"SDK, access key alone": {
			[]string{"HUAWEICLOUD_SDK_AK=kiwi42"},
			belong + "HUAWEICLOUD_SDK_AK without HUAWEICLOUD_SDK_SK; set all of them or none",
		},
		"SDK, secret key alone, another pair complete": {
			[]string{"HUAWEICLOUD_SDK_SK=kiwi42", "HW_ACCESS_KEY=kiwi42", "HW_SECRET_KEY=kiwi42"},
			belong + "HUAWEICLOUD_SDK_SK without HUAWEICLOUD_SDK_AK; set all of them or none",
		},
		"SDK, security token alone": {
			[]string{"HUAWEICLOUD_SDK_SECURITY_TOKEN=kiwi42"},
			belong + "HUAWEICLOUD_SDK_SECURITY_TOKEN without HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; set all of them or none",
		},
		"sample code": {
			[]string{"CLOUD_SDK_SK=kiwi42", "CLOUD_SDK_AK="},
			belong + "CLOUD_SDK_SK without CLOUD_SDK_AK; set all of them or none",
		},
		"Terraform": {
			[]string{"HW_ACCESS_KEY=kiwi42", "HW_SECURITY_TOKEN=kiwi42"},
			belong + "HW_ACCESS_KEY and HW_SECURITY_TOKEN without HW_SECRET_KEY; set all of them or none",
		},
		"OpenStack": {
			[]string{"OS_PASSWORD=kiwi42"},
			belong + "OS_PASSWORD without OS_USERNAME and OS_DOMAIN_NAME; set all of them or none",
		},
		"a placeholder": {
			[]string{"HUAWEICLOUD_SDK_AK=...", "HUAWEICLOUD_SDK_SK=kiwi42"},
			"config.yml:2: projects[0].credentials: the environment variable HUAWEICLOUD_SDK_AK is still a placeholder; set it to your own value",
		},
		"two lines": {
			[]string{"CLOUD_SDK_AK=kiwi42", "CLOUD_SDK_SK=kiwi42\nkiwi42"},
			"config.yml:2: projects[0].credentials: the environment variable CLOUD_SDK_SK has a line break or another character that cannot be printed; remove it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yml", []byte(noneGiven()["left out"]), environment(test.variables...))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A login needs to know where, whatever it comes from.
func TestEnvironmentLoginWithoutRegion(t *testing.T) {
	yaml := with("    credentials: {token: T}\n", "", "region: cn-north-4", "endpoint: https://cbr.example.com")
	_, err := config.Parse("config.yml", []byte(yaml), environment("OS_USERNAME=u", "OS_PASSWORD=p", "OS_DOMAIN_NAME=d"))
	want := "config.yml:2: projects[0].iam_endpoint: missing; a password login needs it where there is no region"
	if err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// What the file says has the last word, also over half of a pair.
func TestEnvironmentIsNotAsked(t *testing.T) {
	got, err := config.Parse("config.yml", []byte(oneProject), environment("HUAWEICLOUD_SDK_AK=A1"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(prod(), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The configuration in force tells where credentials come from, none of them,
// and is still a valid one.
func TestStringOfEnvironment(t *testing.T) {
	variables := environment("HW_ACCESS_KEY=kiwi42", "HW_SECRET_KEY=kiwi42", "HW_SECURITY_TOKEN=kiwi42")
	c, err := config.Parse("config.yml", []byte(noneGiven()["left out"]), variables)
	if err != nil {
		t.Fatal(err)
	}
	shown := c.String()
	if want := "    credentials: {} # from the environment: HW_ACCESS_KEY, HW_SECRET_KEY, HW_SECURITY_TOKEN\n    http_client:\n"; !strings.Contains(shown, want) {
		t.Errorf("lacks %q:\n%s", want, shown)
	}
	if reveals(shown) {
		t.Errorf("reveals it:\n%s", shown)
	}
	again, err := config.Parse("config.yml", []byte(shown), variables)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, again); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The same where the agency is all that is left.
func TestStringOfAssumedAgency(t *testing.T) {
	c, err := config.Parse("config.yml", []byte(noneGiven()["left out"]), none)
	if err != nil {
		t.Fatal(err)
	}
	shown := c.String()
	if want := "    credentials: {} # none in the environment: ECS agency, http://169.254.169.254\n"; !strings.Contains(shown, want) {
		t.Errorf("lacks %q:\n%s", want, shown)
	}
	again, err := config.Parse("config.yml", []byte(shown), none)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, again); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
