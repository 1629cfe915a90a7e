package cbrapi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func protectablesOf(t *testing.T, body string) ([]*cbrapi.Protectable, []cbrapi.InvalidField) {
	t.Helper()
	client := newClient(t, serve(t, onePage("instances", body)))
	protectables, invalid, err := all(t.Context(), client.Protectables(cbrapi.ProtectableServer))
	if err != nil {
		t.Fatal(err)
	}
	return protectables, invalid
}

func TestProtectables(t *testing.T) {
	t.Parallel()
	const disk = "OS::Cinder::Volume"
	server := func(id, name, vault string) *cbrapi.Protectable {
		return &cbrapi.Protectable{ID: id, Name: name, Type: "OS::Nova::Server", Status: "ACTIVE", VaultID: vault}
	}
	expectFiles(t, protectablesOf, map[string][]*cbrapi.Protectable{
		"protectables_server.json": { // recorded
			server("21d76266-acb1-4ade-80aa-d1b7f2034970", "ecs-untagged", ""),
			server("89fc5a3c-a25a-4520-8ed6-281167e76312", "ecs-legally-tagged", ""),
			server("4f7251c3-7182-4106-893d-fbcf8f015b64", "ecs-illegally-tagged", ""),
			server("cd29ce72-8b23-4cda-8026-e81f40d6c9a3", "ecs-with-vault", "1420f85e-deee-4a17-894b-30ad1d1ea7c2"),
		},
		"protectables.json": {
			{
				ID: "10000000-0000-4000-8000-00000000060a", Name: "scratch", Type: disk, Status: "available",
				Refused: true, Code: "BackupService.6215", Reason: "Shared disks of this type cannot be backed up.",
			},
			{
				ID: "10000000-0000-4000-8000-00000000060b", Name: "broken", Type: disk, Status: "error",
				Refused: true, Reason: "The disk is in an error.",
			},
			{
				ID: "10000000-0000-4000-8000-00000000060c", Name: "data", Type: disk, Status: "in-use",
				VaultID: "10000000-0000-4000-8000-00000000070a",
			},
			{ID: "10000000-0000-4000-8000-00000000060d"},
		},
	})
}

// An invalid field of a protectable resource costs only that field.
func TestInvalidProtectableFields(t *testing.T) {
	t.Parallel()
	type (
		protectable = cbrapi.Protectable
		invalid     = []cbrapi.InvalidField
	)
	expectMembers(t, protectablesOf, "instances", resourceID, []members[protectable]{
		{`"name": null, "type": null, "status": null, "protectable": null`, protectable{}, nil},
		{`"protectable": {}, "size": "large", "children": 7, "detail": []`, protectable{}, nil},
		{`"protectable": {"result": null, "code": null, "reason": null, "message": null, "vault": null}`, protectable{}, nil},
		{`"protectable": {"result": "false", "vault": {}}`, protectable{Refused: true}, nil},
		{`"protectable": {"vault": {"id": "V", "resources": "many", "billing": []}}`, protectable{VaultID: "v"}, nil},
		{`"protectable": {"reason": "one\n\ttwo", "message": "three"}`, protectable{Reason: "one two"}, nil},
		{`"protectable": {"reason": "` + strings.Repeat("满", 1025) + `"}`, protectable{Reason: strings.Repeat("满", 1024) + "…"}, nil},

		{`"name": {}`, protectable{}, invalid{{"instances.name", "{}"}}},
		{`"type": []`, protectable{}, invalid{{"instances.type", "[]"}}},
		{`"status": "in use"`, protectable{}, invalid{{"instances.status", "in use"}}},
		{`"protectable": true`, protectable{}, invalid{{"instances.protectable", "true"}}},
		{`"protectable": {"vault": "v"}`, protectable{}, invalid{{"instances.protectable.vault", "v"}}},
		{`"protectable": {"vault": {"id": []}}`, protectable{}, invalid{{"instances.protectable.vault.id", "[]"}}},
		{
			`"protectable": {"result": "perhaps", "code": "a b", "reason": {}, "message": "kept"}`,
			protectable{Reason: "kept"},
			invalid{
				{"instances.protectable.result", "perhaps"},
				{"instances.protectable.code", "a b"},
				{"instances.protectable.reason", "{}"},
			},
		},
		{`"protectable": {"reason": "kept", "message": []}`, protectable{Reason: "kept"}, invalid{{"instances.protectable.message", "[]"}}},
	}, func(want protectable, id string, invalid invalid) *protectable {
		want.ID, want.Invalid = id, invalid
		return &want
	})
}

func TestProtectableQuery(t *testing.T) {
	t.Parallel()
	for _, kind := range []cbrapi.ProtectableType{cbrapi.ProtectableServer, cbrapi.ProtectableDisk, cbrapi.ProtectableTurbo, cbrapi.ProtectableWorkspace, cbrapi.ProtectableWorkspaceV2} {
		for enterpriseProject, want := range map[string]string{
			"":                "limit=50&offset=0",
			"all_granted_eps": "enterprise_project_id=all_granted_eps&limit=50&offset=0",
		} {
			t.Run(string(kind)+"?"+want, func(t *testing.T) {
				t.Parallel()
				got := requestsOf(t, enterpriseProject, `{"instances":[]}`, func(c *cbrapi.Client) error {
					_, err := c.Protectables(kind).Next(t.Context())
					return err
				})
				want := []string{"ListProtectable GET /v3/" + projectID + "/protectables/" + string(kind) + "/instances?" + want}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("requests differ (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestProtectablePages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rows     int
		large    int // rows above which a page is too large; 0: none is
		requests []string
	}{
		"none":            {0, 0, []string{"50@0"}},
		"a few":           {2, 0, []string{"50@0", "50@2"}},
		"pages":           {101, 0, []string{"50@0", "50@50", "50@100", "50@101"}},
		"pages too large": {12, 10, []string{"50@0", "5@0", "5@5", "5@10", "5@12"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{list: "instances", path: "protectables/turbo/instances", rows: rowsOf(test.rows)}
			h.fault = tooLargeAbove(test.large)
			protectables, invalid, err := all(t.Context(), newClient(t, serve(t, h.ServeHTTP)).Protectables(cbrapi.ProtectableTurbo))
			if len(protectables) != test.rows || invalid != nil || err != nil {
				t.Errorf("got %d resources, invalid rows %v, error %v; want %d", len(protectables), invalid, err, test.rows)
			}
			if diff := cmp.Diff(test.requests, h.takeRequests()); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
}
