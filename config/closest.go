package config

import "strings"

// closest returns the candidate that differs from the word by at most two
// letters, if there is exactly one that differs the least.
func closest(word string, candidates []string) (string, bool) {
	const tooFar = 3
	best, least, tie := "", tooFar, false
	for _, c := range candidates {
		switch d := distance(strings.ToLower(word), c); {
		case d < least:
			best, least, tie = c, d, false
		case d == least:
			tie = true
		}
	}
	return best, least < tooFar && !tie
}

// hint says which of the known words may have been meant by another.
func hint(word string, known []string) string {
	if meant, ok := closest(word, known); ok {
		return "did you mean " + meant + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// distance returns how many letters must be added, removed or replaced to turn
// a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
