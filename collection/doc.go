// Package collection keeps what is known of the tasks of one project.
//
// A pass asks the API for what is due. It has a deadline of its own, so that it
// outlives the scrape that began it: a scrape that arrives meanwhile joins it,
// and one that has to leave takes what is known by then. Leaving cancels
// nothing and loses nothing.
//
// It belongs here what to ask, when, and what may still be said when the API
// does not answer. It does not belong here how to talk to the API, which is
// cbrapi's, nor what a metric is called, which is collector's.
package collection
