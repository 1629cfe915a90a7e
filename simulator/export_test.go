package simulator

// Signature signs requests of tests. TestSignatureVectors proves it.
var Signature = signature
