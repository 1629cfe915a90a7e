package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// noneGiven are configurations that leave their credentials to the environment.
func noneGiven() map[string]string {
	return map[string]string{
		"left out": with("    credentials: {token: T}\n", ""),
		"empty":    with("{token: T}", "{}"),
		"no value": with("{token: T}", "\n      # token: T"),
	}
}

const (
	inEnvironment = "in the environment"
	byDefault     = "for lack of credentials in file and environment"
)

func TestEnvironment(t *testing.T) {
	sdk := []string{"HUAWEICLOUD_SDK_AK=A1", "HUAWEICLOUD_SDK_SK=S1"}
	sample := []string{"CLOUD_SDK_AK=A2", "CLOUD_SDK_SK=S2"}
	terraform := []string{"HW_ACCESS_KEY=A3", "HW_SECRET_KEY=S3"}
	openStack := []string{"OS_USERNAME=u", "OS_PASSWORD=p", "OS_DOMAIN_NAME=d"}
	telekom := []string{"OS_ACCESS_KEY=A4", "OS_SECRET_KEY=S4"}
	read := func(c config.Credentials, variables ...string) config.Credentials {
		c.Source, c.Variables = inEnvironment, variables
		return c
	}
	sdkKey := read(config.Credentials{AccessKey: "A1", SecretKey: "S1"}, "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
	sampleKey := read(config.Credentials{AccessKey: "A2", SecretKey: "S2"}, "CLOUD_SDK_AK", "CLOUD_SDK_SK")
	terraformKey := read(config.Credentials{AccessKey: "A3", SecretKey: "S3"}, "HW_ACCESS_KEY", "HW_SECRET_KEY")
	telekomKey := read(config.Credentials{AccessKey: "A4", SecretKey: "S4"}, "OS_ACCESS_KEY", "OS_SECRET_KEY")
	login := config.Credentials{Username: "u", Password: "p", DomainName: "d"}
	agency := config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}, Source: byDefault}
	for name, test := range map[string]struct {
		variables []string
		want      config.Credentials
	}{
		"SDK": {sdk, sdkKey},
		"SDK, temporary": {append(sdk, "HUAWEICLOUD_SDK_SECURITY_TOKEN=T1"), read(
			config.Credentials{AccessKey: "A1", SecretKey: "S1", SecurityToken: "T1"},
			"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN",
		)},
		"sample code": {sample, sampleKey},
		"Terraform":   {terraform, terraformKey},
		"Terraform, temporary": {append(terraform, "HW_SECURITY_TOKEN=T3"), read(
			config.Credentials{AccessKey: "A3", SecretKey: "S3", SecurityToken: "T3"}, "HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN",
		)},
		"OpenStack":                    {openStack, read(login, "OS_USERNAME", "OS_PASSWORD", "OS_DOMAIN_NAME")},
		"the SDK before sample code":   {append(sdk, sample...), sdkKey},
		"sample code before Terraform": {append(terraform, sample...), sampleKey},
		"Terraform before OpenStack":   {append(openStack, terraform...), terraformKey},
		"set to nothing": {
			append(terraform, "HUAWEICLOUD_SDK_AK=", "HUAWEICLOUD_SDK_SECURITY_TOKEN= ", "HW_SECURITY_TOKEN="), terraformKey,
		},
		"all set to nothing": {[]string{"HUAWEICLOUD_SDK_AK=", "HUAWEICLOUD_SDK_SK= ", "OS_PASSWORD=", "HW_AK="}, agency},
		"Open Telekom Cloud": {append(telekom, "OS_DOMAIN_NAME=d", "OS_AUTH_URL=u"), telekomKey},
		"Open Telekom Cloud, temporary": {append(telekom, "OS_SECURITY_TOKEN=T4"), read(
			config.Credentials{AccessKey: "A4", SecretKey: "S4", SecurityToken: "T4"}, "OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN",
		)},
		"token": {[]string{"OS_TOKEN=T5", "OS_AUTH_TOKEN=T6"}, read(config.Credentials{Token: "T5"}, "OS_TOKEN")},
		"token by its other name, before a password": {append(openStack, "OS_AUTH_TOKEN=T6"), read(config.Credentials{Token: "T6"}, "OS_AUTH_TOKEN")},
		"access key before a token":                  {append(telekom, "OS_TOKEN=T5"), telekomKey},
		"domain of the user": {append(openStack, "OS_USER_DOMAIN_NAME=d2"), read(
			config.Credentials{Username: "u", Password: "p", DomainName: "d2"}, "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME",
		)},
		"password with blanks, quotes and =": {[]string{"OS_USERNAME=u v", `OS_PASSWORD=a "b' =c`, "OS_DOMAIN_NAME=d"}, read(
			config.Credentials{Username: "u v", Password: `a "b' =c`, DomainName: "d"}, "OS_USERNAME", "OS_PASSWORD", "OS_DOMAIN_NAME",
		)},
		"variables of other purposes": {[]string{
			"OS_AUTH_URL=https://iam.example.com/v3", "OS_REGION_NAME=eu-de", "OS_PROJECT_NAME=eu-de", "OS_PROJECT_ID=1", "OS_DOMAIN_NAME=d",
			"OS_USER_DOMAIN_NAME=d", "OS_PROJECT_DOMAIN_NAME=d", "OS_TYPE=linux", "OS_CLOUD=otc", "OS_KEY=client.pem", "OS_CERT=client.pem",
			"OS_AUTH_TYPE=token", "HW_REGION_NAME=cn-north-4", "HW_PROJECT_ID=1", "HUAWEICLOUD_SDK_REGION=cn-north-4",
			"HUAWEICLOUD_SDK_PROJECT_ID=1", "HUAWEICLOUD_SDK_DOMAIN_ID=1", "OS_IMAGE_PASSWORD_FILE=f", "CLOUD_SDK_REGION=x", "TASK=1", "MY_SK=1", "SHOW_TOKEN=1",
		}, agency},
		"from files": {[]string{"CLOUD_SDK_AK= A2\n", "CLOUD_SDK_SK=S2\r\n"}, sampleKey},
	} {
		for file, yaml := range noneGiven() {
			t.Run(name+"/"+file, func(t *testing.T) {
				got, err := config.Parse("config.yml", ".", []byte(yaml), test.variables)
				if err != nil {
					t.Fatal(err)
				}
				want := prod()
				want.Projects[0].Credentials = test.want
				if d := diff(want, got); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		}
	}
}

func TestEnvironmentErrors(t *testing.T) {
	misspelt := func(names string) string {
		return "config.yml:2: projects[0].credentials: missing, and the environment has variables that look like credentials but are not read: " + names + "; " +
			"correct their names (config.yml lists those that are read), or write ecs_agency: {} for the agency of this server"
	}
	const belong = "config.yml:2: projects[0].credentials: incomplete credentials from the environment: "
	for name, test := range map[string]struct {
		variables []string
		want      string
	}{
		"SDK, secret key alone, another pair complete": {
			[]string{"HUAWEICLOUD_SDK_SK=kiwi42", "HW_ACCESS_KEY=kiwi42", "HW_SECRET_KEY=kiwi42"},
			belong + "HUAWEICLOUD_SDK_SK without HUAWEICLOUD_SDK_AK; set all of them or none",
		},
		"SDK, security token alone": {
			[]string{"HUAWEICLOUD_SDK_SECURITY_TOKEN=kiwi42"},
			belong + "HUAWEICLOUD_SDK_SECURITY_TOKEN without HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK; set all of them or none",
		},
		"OpenStack": {
			[]string{"OS_PASSWORD=kiwi42"},
			belong + "OS_PASSWORD without OS_USERNAME, OS_USER_DOMAIN_NAME or OS_DOMAIN_NAME; set all of them or none",
		},
		"Open Telekom Cloud": {
			[]string{"OS_ACCESS_KEY=kiwi42", "OS_USERNAME=kiwi42", "OS_PASSWORD=kiwi42", "OS_DOMAIN_NAME=kiwi42"},
			belong + "OS_ACCESS_KEY without OS_SECRET_KEY; set all of them or none",
		},
		"half of it misspelt": {
			[]string{"HUAWEICLOUD_SDK_AK=kiwi42", "HUAWEICLOUD_SDK_SECRET_KEY=kiwi42"},
			belong + "HUAWEICLOUD_SDK_AK without HUAWEICLOUD_SDK_SK; set all of them or none",
		},
		"all of it misspelt": {
			[]string{"HUAWEICLOUD_SDK_SECRET_KEY=kiwi42", "HUAWEICLOUD_SDK_ACCESS_KEY=kiwi42"},
			misspelt("HUAWEICLOUD_SDK_ACCESS_KEY, HUAWEICLOUD_SDK_SECRET_KEY"),
		},
		"misspelt, of the SDK":        {[]string{"HUAWEICLOUD_AK=kiwi42"}, misspelt("HUAWEICLOUD_AK")},
		"misspelt, in small letters":  {[]string{"huaweicloud_sdk_ak=kiwi42"}, misspelt("huaweicloud_sdk_ak")},
		"misspelt, of sample code":    {[]string{"CLOUD_SDK_SECRET=kiwi42"}, misspelt("CLOUD_SDK_SECRET")},
		"misspelt, of Terraform":      {[]string{"HW_SECRETKEY=kiwi42"}, misspelt("HW_SECRETKEY")},
		"misspelt, of OpenStack":      {[]string{"OS_SK=kiwi42"}, misspelt("OS_SK")},
		"misspelt, by a letter":       {[]string{"HW_ACCES_KEY=kiwi42"}, misspelt("HW_ACCES_KEY")},
		"misspelt, abbreviated":       {[]string{"OS_PASSWD=kiwi42", "OS_USER=kiwi42"}, misspelt("OS_PASSWD, OS_USER")},
		"a password that is not read": {[]string{"HW_USER_NAME=kiwi42", "HW_USER_PASSWORD=kiwi42"}, misspelt("HW_USER_NAME, HW_USER_PASSWORD")},
		"quotes, as Docker leaves them": {
			[]string{`HW_ACCESS_KEY="kiwi42"`, "HW_SECRET_KEY='kiwi42'"},
			"config.yml:2: projects[0].credentials: the environment variable HW_ACCESS_KEY has quotes; remove them\n" +
				"config.yml:2: projects[0].credentials: the environment variable HW_SECRET_KEY has quotes; remove them",
		},
		"a name in the value": {
			[]string{"OS_TOKEN=OS_TOKEN=kiwi42"},
			"config.yml:2: projects[0].credentials: the environment variable OS_TOKEN has a name before the value, as in NAME=value; keep the value alone",
		},
		"two lines": {
			[]string{"OS_ACCESS_KEY=kiwi42", "OS_SECRET_KEY=kiwi42\nkiwi42"},
			"config.yml:2: projects[0].credentials: the environment variable OS_SECRET_KEY has a byte order mark, a line break or another character that cannot be printed; write the value alone, on one line, as UTF-8 without a byte order mark",
		},
		"a placeholder": {
			[]string{"HUAWEICLOUD_SDK_AK=...", "HUAWEICLOUD_SDK_SK=kiwi42"},
			"config.yml:2: projects[0].credentials: the environment variable HUAWEICLOUD_SDK_AK is still a placeholder; set it to your own value",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yml", ".", []byte(noneGiven()["left out"]), test.variables)
			if err == nil {
				t.Fatal("no error")
			}
			if d := cmp.Diff(test.want, err.Error()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// TestEnvironmentLoginWithoutRegion checks that a login from the environment needs an
// endpoint, as one from the file does.
func TestEnvironmentLoginWithoutRegion(t *testing.T) {
	yaml := with("    credentials: {token: T}\n", "", "region: cn-north-4", "endpoint: https://cbr.example.com")
	_, err := config.Parse("config.yml", ".", []byte(yaml), config.Environment{"OS_USERNAME=u", "OS_PASSWORD=p", "OS_DOMAIN_NAME=d"})
	want := "config.yml:2: projects[0].iam_endpoint: missing; a password login needs it or a region"
	if err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// TestEnvironmentIsIgnored checks that credentials in the file come first, even if the
// environment has half of an access key.
func TestEnvironmentIsIgnored(t *testing.T) {
	got, err := config.Parse("config.yml", ".", []byte(oneProject), config.Environment{"HUAWEICLOUD_SDK_AK=A1"})
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(prod(), got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestProxyInEnvironment checks that a variable that net/http would ignore, or take for another
// proxy, is an error.
func TestProxyInEnvironment(t *testing.T) {
	const refused = "config.yml:1: the variable HTTPS_PROXY is not the URL of a proxy; write it like http://user:password@proxy.example.com:3128, with %25, %23, %2F and %3F for %, #, / and ? in the password"
	noProxy := oneProject + "    http_client: {proxy_from_environment: false}\n"
	for name, test := range map[string]struct {
		yaml, proxy, want string
	}{
		"URL":       {oneProject, "http://u:a%25b@proxy:3128", ""},
		"no scheme": {oneProject, "proxy:3128", ""},
		"SOCKS":     {oneProject, "socks5://proxy:1080", ""},
		"percent":   {oneProject, "http://u:kiwi%zz@proxy:3128", refused},
		"hash":      {oneProject, "http://u:kiwi#1@proxy:3128", refused},
		"quotes":    {oneProject, `"http://proxy:3128"`, refused},
		"not used":  {noProxy, "http://u:kiwi%zz@proxy:3128", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yml", ".", []byte(test.yaml), config.Environment{"HTTPS_PROXY=" + test.proxy})
			if got := fmt.Sprint(err); got != test.want && (err != nil || test.want != "") {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestStringOfEnvironment checks that the configuration shows where credentials come
// from, but not the credentials, and is still a valid one.
func TestStringOfEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		environment config.Environment
		want        string
	}{
		"variables": {
			config.Environment{"HW_ACCESS_KEY=kiwi42", "HW_SECRET_KEY=kiwi42", "HW_SECURITY_TOKEN=kiwi42"},
			"access key from HW_ACCESS_KEY, HW_SECRET_KEY and HW_SECURITY_TOKEN in the environment",
		},
		"none": {none, "ECS agency for lack of credentials in file and environment"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse("config.yml", ".", []byte(noneGiven()["left out"]), test.environment)
			if err != nil {
				t.Fatal(err)
			}
			shown := c.String()
			if want := "    credentials: {} # " + test.want + "\n    http_client:\n"; !strings.Contains(shown, want) {
				t.Errorf("lacks %q:\n%s", want, shown)
			}
			if reveals(shown) {
				t.Errorf("reveals it:\n%s", shown)
			}
			again, err := config.Parse("config.yml", ".", []byte(shown), test.environment)
			if err != nil {
				t.Fatal(err)
			}
			if d := diff(c, again); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}
