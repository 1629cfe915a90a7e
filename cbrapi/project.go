package cbrapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxProjectsBytes bounds a list of projects, of which one takes about 300 bytes.
const maxProjectsBytes = 1 << 20

// Project is a region's tenancy of an account, or a part of it, a sub-project.
type Project struct {
	ID   string
	Name string // of the region, or with the region in front, as in cn-north-4_team
}

// ProjectError says that not exactly one project has a name.
type ProjectError struct {
	Name  string    // that was looked for
	Found []Project // all that can be seen, or those with that name
}

func (e *ProjectError) Error() string {
	const most = 10
	problem := "no project"
	if slices.ContainsFunc(e.Found, func(p Project) bool { return p.Name == e.Name }) {
		problem = "more than one project"
	}
	var found []string
	for i, p := range e.Found {
		if i == most {
			found = append(found, fmt.Sprintf("%d more", len(e.Found)-most))
			break
		}
		found = append(found, fmt.Sprintf("%q with the id %s", oneLine(p.Name, maxWord), p.ID))
	}
	if found == nil {
		found = []string{"none"}
	}
	return fmt.Sprintf("%s has the name %q; found: %s", problem, e.Name, strings.Join(found, ", "))
}

// OperationListAuthProjects is IAM's name of the operation that lists the projects
// that a caller may enter.
const OperationListAuthProjects = "KeystoneListAuthProjects"

// ProjectID returns the id of the project with the given name. It asks for the
// projects of the account first, for which a user needs a permission, and then
// for those that the user may enter, as VisibleProjectID does.
//
// See https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0001.html.
func (i *IAM) ProjectID(ctx context.Context, name string) (string, error) {
	all, err := i.projects(ctx, "KeystoneListProjects", []string{"v3", "projects"}, url.Values{"name": {name}})
	var refusal *Error
	forbidden := errors.As(err, &refusal) && refusal.StatusCode == http.StatusForbidden
	if err != nil && !forbidden {
		return "", err
	}
	if len(named(all, name)) > 0 {
		return only(all, name)
	}
	id, visibleErr := i.VisibleProjectID(ctx, name)
	var answered *ProjectError
	if forbidden && visibleErr != nil && !errors.As(visibleErr, &answered) {
		// The permission comes first, because it is what can be mended.
		return "", fmt.Errorf("%w; %w", err, visibleErr)
	}
	return id, visibleErr
}

// VisibleProjectID is ProjectID for what every user may ask. No page says that
// it may be asked with a signature as well.
//
// See https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0003.html.
func (i *IAM) VisibleProjectID(ctx context.Context, name string) (string, error) {
	visible, err := i.projects(ctx, OperationListAuthProjects, []string{"v3", "auth", "projects"}, nil)
	if err != nil {
		return "", err
	}
	return only(visible, name)
}

func (i *IAM) projects(ctx context.Context, operation string, path []string, query url.Values) ([]Project, error) {
	answer, err := i.service.do(ctx, call{
		operation: operation,
		method:    http.MethodGet,
		path:      path,
		query:     query,
		maxBytes:  maxProjectsBytes,
	})
	if err != nil {
		return nil, err
	}
	root, err := answer.object()
	if err != nil {
		return nil, err
	}
	if _, ok := root.values["projects"].([]any); !ok {
		return nil, answer.malformed("the answer has no list of projects")
	}
	var projects []Project
	for _, o := range root.objects("projects") {
		p := Project{ID: o.text("id"), Name: redact(o.text("name"), answer.secrets)}
		// The id becomes a part of paths.
		if !isProjectID(p.ID) {
			return nil, answer.malformed("the answer has a project without a proper id")
		}
		projects = append(projects, p)
	}
	return projects, nil
}

// only returns the id of the only project with the name.
func only(projects []Project, name string) (string, error) {
	switch same := named(projects, name); len(same) {
	case 1:
		return same[0].ID, nil
	case 0:
		return "", &ProjectError{Name: name, Found: projects}
	default:
		return "", &ProjectError{Name: name, Found: same}
	}
}

// named returns the projects with the name: a service may ignore a filter.
func named(projects []Project, name string) []Project {
	var same []Project
	for _, p := range projects {
		if p.Name == name {
			same = append(same, p)
		}
	}
	return same
}

// isProjectID reports whether s can be one: 32 hexadecimal digits on Huawei
// Cloud, but private clouds differ.
func isProjectID(s string) bool {
	return s != "" && len(s) <= maxWord && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}
