package simulator

import _ "embed"

// SampleTaskID is the task of the vendor's published response example. It is
// answered in every project and at any time, although it is from 2019: a reader
// of the page can type the id and compare.
const SampleTaskID = "4827f2da-b008-4507-ab7d-42d0df5ed912"

// sampleJSON is that example, to the byte as it stands on
// https://support.huaweicloud.com/api-cbr/ShowOpLog.html.
//
//go:embed sample.json
var sampleJSON string
