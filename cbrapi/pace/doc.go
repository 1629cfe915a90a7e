// Package pace decides when a request to an API may be sent, and whether to send
// it again.
//
// It belongs here to keep the requests to one project within a rate, to slow down
// when the API asks for it, and to repeat what may succeed the second time. It
// does not belong here what a request is or how many run at once, which is the
// caller's, nor how an answer is read, which is cbrapi's, nor what becomes of
// refused credentials, which cbrapi/credentials guards.
//
// Nothing is waited for that cannot be over before the deadline of the context:
// who asks for a thousand tasks in ten seconds learns at once which of them must
// wait for the next time. The package starts no goroutines.
package pace
