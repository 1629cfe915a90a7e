package cbrapi

// Rows returns the number of rows received, including repeated and invalid ones.
func (l *List[T]) Rows() int { return l.offset + l.repeats }
