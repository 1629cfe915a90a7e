package cbrapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxTaskBytes bounds the answer about one task. The vendor's sample has 1 KiB;
// a removed server with its volumes some tens.
const maxTaskBytes = 1 << 20

// Options say where an API is and how to reach it.
type Options struct {
	// Endpoint is the absolute URL of the API, for example
	// https://cbr.cn-north-4.myhuaweicloud.com. A path in it is kept.
	Endpoint string
	// Transport carries the requests and adds the credentials to them.
	Transport http.RoundTripper
	// UserAgent is sent with every request.
	UserAgent string
	// Pace stands around every request: it calls send when it may be sent, and again
	// where it is to be repeated, and returns what came of it, or an error of its own.
	// Nil: each is sent at once.
	Pace func(ctx context.Context, send func(context.Context) error) error
	// EnterpriseProjectID narrows lists to one enterprise project, or to all that
	// the caller may see with all_granted_eps. "" sends none, which some clouds
	// need: they do not know the parameter.
	EnterpriseProjectID string
}

// Client reads the CBR API of one project. It is safe for concurrent use.
type Client struct {
	service             *service
	projectID           string
	enterpriseProjectID string
	paging              paging // of the list of tasks
	vaultPaging         paging
}

// New returns a client for the CBR endpoint in o and the project with the id
// projectID. The error names what is wrong with the endpoint.
func New(o Options, projectID string) (*Client, error) {
	s, err := newService(o)
	if err != nil {
		return nil, fmt.Errorf("CBR endpoint: %w", err)
	}
	return &Client{service: s, projectID: projectID, enterpriseProjectID: o.EnterpriseProjectID}, nil
}

// OperationLog returns the task with the given id, which must be a UUID.
//
// IsNotFound tells an error that says that there is no such task from every
// other one, and ReasonOf classifies the rest. An answer of another shape, or
// about another task, is an error too, whatever its HTTP status.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ShowOpLog.html.
func (c *Client) OperationLog(ctx context.Context, id string) (*OperationLog, error) {
	const operation = "ShowOpLog"
	// The id becomes a part of the path: nothing but a UUID may get there.
	if !isUUID(id) {
		return nil, fmt.Errorf("%s: %q is not a UUID", operation, id)
	}
	answer, err := c.service.do(ctx, call{
		operation: operation,
		method:    http.MethodGet,
		path:      []string{"v3", c.projectID, "operation-logs", id},
		maxBytes:  maxTaskBytes,
	})
	if err != nil {
		return nil, err
	}
	root, err := answer.object()
	if err != nil {
		return nil, err
	}
	fields, ok := root.record("operation_log")
	if !ok {
		return nil, answer.malformed("the answer has no operation_log")
	}
	task := readOperationLog(fields)
	if !strings.EqualFold(task.ID, id) {
		return nil, answer.malformed(fmt.Sprintf("the answer is about another task, %q", task.ID))
	}
	return task, nil
}

// get returns the call for a list of the project, without a bound.
func (c *Client) get(operation, segment string, query url.Values) call {
	return call{
		operation: operation,
		method:    http.MethodGet,
		path:      []string{"v3", c.projectID, segment},
		query:     query,
	}
}

// addEnterpriseProject narrows a list whose page has the parameter.
func (c *Client) addEnterpriseProject(query url.Values) {
	if c.enterpriseProjectID != "" {
		query.Set("enterprise_project_id", c.enterpriseProjectID)
	}
}

// isUUID reports whether s is a UUID of any version in its usual notation.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
