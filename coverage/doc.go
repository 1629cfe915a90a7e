// Package coverage lays what is known of the tasks of a project beside what should
// be backed up in it, and says what is missing.
//
// Both sides have names for vaults and resources. It belongs here which of them is
// the newer one, so that all series of a vault have one name and can be joined, and
// what counts as overdue. It does not belong here to ask, to remember, or what a
// metric is called.
package coverage
