// Package collector turns what is known of tasks into Prometheus metrics.
//
// It belongs here what a metric is called, what it means and where its value
// comes from, each said once, in a table that Describe and Collect both range
// over. It does not belong here to ask the API or to remember: a collection
// does both.
package collector
