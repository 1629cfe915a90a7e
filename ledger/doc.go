// Package ledger keeps what is known of the tasks of a project: which are
// active, how many there were lately, and of each resource how it stands.
//
// It is told what was read, in any order and as often as anybody likes, and
// gives the same answer whatever the order was. It is small: of tasks that have
// ended it keeps what the metrics need and not the history, so the history can be
// read through it.
//
// It belongs here which of two records of a task is true, what a resource's
// newest tasks say, and when something is too old to be kept. It does not belong
// here to ask the API, to lock, or to read a clock: what time it is by the clock
// of the API is an argument.
package ledger
