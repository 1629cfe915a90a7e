// Package inventory keeps what is known of the vaults and policies of one project:
// what should be backed up, and how often.
//
// Both lists change rarely, so they are read beside the passes over the tasks, and a
// scrape takes what is known. It waits only as long as nothing is. A scrape is also
// what begins a reading: where nobody asks, nothing is asked of the cloud.
//
// It belongs here when to read, what may still be said when a list cannot be read,
// and which intervals follow from the policies. It does not belong here how to talk
// to the API, which is cbrapi's, what a pattern means, which is schedule's, or
// whether there is a backup, which is coverage's.
package inventory
