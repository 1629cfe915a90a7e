package config_test

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// A schema says whether editors accept a file.
type schema struct{ *jsonschema.Schema }

func loadSchema(t *testing.T) schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema{s}
}

// check returns what editors would report.
func (s schema) check(text string) error {
	var content any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		return err
	}
	return s.Validate(content)
}

// TestSchemaAccepts checks that editors accept what the exporter does.
func TestSchemaAccepts(t *testing.T) {
	s := loadSchema(t)
	example, err := os.ReadFile("../config.yml")
	if err != nil {
		t.Fatal(err)
	}
	accepted := map[string]string{"example": string(example), "all keys": allKeys}
	for part, cases := range allSettings {
		for name, test := range cases {
			accepted[part+"/"+name] = test.yaml
		}
	}
	for name, text := range accepted {
		if err := s.check(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// structural matches mistakes that do not depend on other values or on files.
var structural = regexp.MustCompile(`: (unknown key|not a |not an |neither |no project|.* is in the list twice)`)

// TestSchemaRefuses checks that editors report structural mistakes.
func TestSchemaRefuses(t *testing.T) {
	s := loadSchema(t)
	refused := 0
	for part, cases := range allMistakes {
		for name, test := range cases {
			if !structural.MatchString(test.want) {
				continue
			}
			refused++
			if s.check(test.yaml) == nil {
				t.Errorf("%s/%s: is accepted, want\n%s", part, name, test.want)
			}
		}
	}
	if refused < 20 {
		t.Errorf("only %d mistakes were tried", refused)
	}
}

// allKeys has every key.
const allKeys = `
scrape: {timeout: 30s, concurrency: 16, requests_per_second: 0.5, finished_task_ttl: 0}
credentials: {token: T}
http_client: {proxy_from_environment: false}
projects:
  - name: one
    region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    project_name: cn-north-4_team
    enterprise_project_id: all_granted_eps
    endpoint: https://cbr.example.com
    iam_endpoint: https://iam.example.com
    credentials: {access_key: A, secret_key: S, security_token: T}
    http_client:
      proxy_url: http://proxy.example.com:3128
      no_proxy: example.com
      tls_config:
        ca_file: testdata/tls/ca.pem
        cert_file: testdata/tls/client.pem
        key_file: testdata/tls/client-key.pem
        server_name: cbr.example.com
        min_version: TLS12
        insecure_skip_verify: false
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
    discovery:
      lookback: 30d
      window: 24h
      operation_types: [backup]
      vault_ids: [8a7f1c06-6a0c-4c1f-9c3e-2f3d5f0b7a11]
      expected_interval: 24h
      stuck_after: 12h
    vaults: {refresh: 5m, grace: 6h, tags: [team]}
    backups: {refresh: 15m}
    protectables: {types: [server], refresh: 1h, exclude: ['*-test']}
  - name: two
    region: cn-north-4
    credentials: {access_key_file: testdata/secrets/token, secret_key_file: testdata/secrets/token, security_token_file: testdata/secrets/token}
    http_client: {proxy_from_environment: true}
    discovery: {}
  - &other
    name: three
    region: cn-north-4
    discovery: {}
    credentials: {credentials_file: testdata/secrets/credentials.json}
  - {<<: *other, name: four, credentials: {username: u, domain_name: d, password: p}}
  - {<<: *other, name: five, credentials: {username: u, domain_name: d, password_file: testdata/secrets/token}}
  - {<<: *other, name: six, credentials: {token_file: testdata/secrets/token}}
  - {<<: *other, name: seven, credentials: {ecs_agency: {endpoint: 'http://169.254.169.254'}}}
`

// TestSchemaAndParse changes each value of a file. Editors must not report what Parse
// accepts, and both must refuse unknown keys and a value, list or mapping that is in the
// place of another of the three.
func TestSchemaAndParse(t *testing.T) {
	if testing.Short() {
		t.Skip("parses two thousand files")
	}
	s := loadSchema(t)
	// Without true and yes: Parse takes true for a text, and yes for true.
	values := []any{nil, "", "x", "0", "30s", "http://x", 0, 1, -1, 1.5, 1e30, []any{}, []any{"x"}, []any{nil}, map[string]any{}, map[string]any{"x": "y"}}
	tried := 0
	try := func(root any, at string, structural bool) {
		tried++
		text, err := yaml.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		bySchema := s.check(string(text))
		_, byParse := config.Parse("config.yml", ".", text, none)
		switch {
		case bySchema != nil && byParse == nil:
			t.Errorf("%s: only the schema refuses it: %v", at, bySchema)
		case structural && (bySchema == nil || byParse == nil):
			t.Errorf("%s: got %v by the schema and %v by Parse, want that both refuse it", at, bySchema, byParse)
		}
	}
	var root any
	if err := yaml.Unmarshal([]byte(allKeys), &root); err != nil {
		t.Fatal(err)
	}
	var change func(path string, value any, set func(any))
	change = func(path string, value any, set func(any)) {
		for _, other := range values {
			set(other)
			try(root, fmt.Sprintf("%s: %#v", path, other), other != nil && kind(other) != kind(value))
		}
		set(value)
		switch value := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				change(path+"."+key, value[key], func(v any) { value[key] = v })
			}
			value["unknown"] = "x"
			try(root, path+".unknown", true)
			delete(value, "unknown")
		case []any:
			for i := range value {
				change(fmt.Sprintf("%s[%d]", path, i), value[i], func(v any) { value[i] = v })
			}
		}
	}
	change("", root, func(v any) { root = v })
	if tried < 1000 {
		t.Errorf("only %d changes were tried", tried)
	}
}

// kind returns slice, map or, for all other values, string.
func kind(value any) reflect.Kind {
	switch k := reflect.ValueOf(value).Kind(); k {
	case reflect.Slice, reflect.Map:
		return k
	default:
		return reflect.String
	}
}
