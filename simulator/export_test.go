package simulator

// Signature lets tests sign what they send. Vectors show that it is right.
var Signature = signature
