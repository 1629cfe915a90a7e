// Package exporter puts the parts together: for each project of a configuration
// the transport, the credentials, the client, the collection and the collector,
// and around all of them the HTTP pages.
//
// It knows the other packages so that they need not know each other, and has
// little logic of its own: how long a scrape may take, and how a new
// configuration replaces the old one. Flags, logging, listening and signals are
// package main's.
package exporter
