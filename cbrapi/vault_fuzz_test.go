package cbrapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzVaults(f *testing.F) {
	f.Add(listTestdata(f, "vaults_sample.json"))
	f.Add(listTestdata(f, "vaults.json"))
	for _, seed := range []string{
		`{"vaults":null}`, `{"vaults":[null,7,{"id":7},{"id":"` + vaultID + `","billing":{"size":1e400,"used":-0.0}}]}`,
		`{"vaults":[{"id":"` + vaultID + `","resources":[{"id":"r"},{"id":"R"}],"tags":[{"key":"k"},{"key":"k"}]}]}`,
		`{"policies":[]}`, `null`, `[`, ``, `{"vaults":[` + strings.Repeat("[", 20000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		vaults, invalid, err := allVaults(t.Context(), newClient(t, inMemory(http.StatusOK, "application/json", body)))
		if err != nil {
			checkError(t, err)
			return
		}
		if !json.Valid([]byte(body)) {
			t.Error("the answer is not JSON")
		}
		checkInvalid(t, invalid)
		ids := map[string]bool{}
		for _, v := range vaults {
			checkNewID(t, ids, v.ID)
			if len(v.ID) != 36 {
				t.Errorf("the id %q is no UUID", v.ID)
			}
			checkInvalid(t, v.Invalid)
			checkBytes(t, v.Billing.Capacity, v.Billing.Allocated, v.Billing.Used)
			checkWords(t, string(v.Billing.Status), v.Billing.ChargingMode, v.Billing.ProtectType, v.Billing.ObjectType, v.Billing.ConsistentLevel)
			checkNames(t, v.Name, v.EnterpriseProjectID)
			resources := map[string]bool{}
			for _, r := range v.Resources {
				checkNewID(t, resources, r.ID)
				checkBytes(t, r.BackupSize, r.BackupCount)
				checkWords(t, string(r.ProtectStatus))
				checkNames(t, append([]string{r.ID, r.Type, r.Name}, r.ExcludeVolumes...)...)
			}
			if len(v.Tags) > 100 {
				t.Errorf("%d tags", len(v.Tags))
			}
			for key, value := range v.Tags {
				checkNames(t, key, value)
			}
		}
	})
}

func FuzzPolicies(f *testing.F) {
	f.Add(listTestdata(f, "policies_sample.json"))
	f.Add(listTestdata(f, "policies.json"))
	for _, seed := range []string{
		`{"policies":null}`, `{"policies":[null,7,{"id":7},{"id":"` + policyID + `"},{"id":"` + policyID + `"}]}`,
		`{"policies":[{"id":"` + policyID + `","associated_vaults":[{"vault_id":"a"},{"vault_id":"A"}],"trigger":{"properties":{"pattern":[7]}}}]}`,
		`{"vaults":[]}`, `null`, `[`, ``, `{"policies":[` + strings.Repeat("[", 20000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		policies, invalid, err := newClient(t, inMemory(http.StatusOK, "application/json", body)).Policies(t.Context())
		if err != nil {
			checkError(t, err)
			return
		}
		if !json.Valid([]byte(body)) {
			t.Error("the answer is not JSON")
		}
		checkInvalid(t, invalid)
		ids := map[string]bool{}
		for _, p := range policies {
			checkNewID(t, ids, p.ID)
			checkInvalid(t, p.Invalid)
			checkWords(t, string(p.OperationType))
			checkNames(t, append([]string{p.Name}, p.Patterns...)...)
			vaults := map[string]bool{}
			for _, id := range p.VaultIDs {
				checkNewID(t, vaults, id)
			}
			if !p.StartTime.IsZero() && p.StartTime.Unix() <= 0 {
				t.Errorf("the start time is %v", p.StartTime)
			}
		}
	})
}

func checkNewID(t *testing.T, seen map[string]bool, id string) {
	t.Helper()
	if id == "" || seen[id] || id != strings.ToLower(id) {
		t.Errorf("the id is %q, want a new one in lower case", id)
	}
	seen[id] = true
}

func checkBytes(t *testing.T, sizes ...*int64) {
	t.Helper()
	for _, size := range sizes {
		if size != nil && *size < 0 {
			t.Errorf("a size or number is %d", *size)
		}
	}
}

func checkWords(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if len(word) > 64 || !utf8.ValidString(word) || strings.ContainsFunc(word, notInWord) {
			t.Errorf("%q is no word", word)
		}
	}
}

func checkNames(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if len(name) > 1024 || !utf8.ValidString(name) {
			t.Errorf("the name or id %.100q has %d bytes", name, len(name))
		}
	}
}
