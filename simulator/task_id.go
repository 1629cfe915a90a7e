package simulator

import (
	"crypto/subtle"
	"encoding/binary"
)

// A taskID says which run of which schedule a task is. It travels inside the
// task's UUID, so that a task is found by its id without an index:
//
//	bytes 0-5    schedule (16 bits) and run (32 bits), masked
//	bytes 6-15   tag: a hash of the seed and the unmasked bytes 0-5
//
// The mask is a hash of the seed and the tag, so neighbouring runs have nothing
// in common to the eye. The tag's 74 free bits are checked on the way back: a
// UUID of somebody else, or of another seed, is not taken for a task.
type taskID struct {
	schedule uint16
	run      uint32
}

const taskIDSize = 6

func (t taskID) uuid(s seed) uuid {
	var plain [taskIDSize]byte
	binary.BigEndian.PutUint16(plain[:], t.schedule)
	binary.BigEndian.PutUint32(plain[2:], t.run)

	var u uuid
	tag := s.sum("task tag", t.schedule, t.run)
	copy(u[taskIDSize:], tag[:])
	u.stampVersion4()
	mask := taskIDMask(s, u)
	subtle.XORBytes(u[:taskIDSize], plain[:], mask[:])
	return u
}

// taskIDFrom is the inverse of uuid. It is not ok for a UUID that uuid would
// not have made.
func taskIDFrom(u uuid, s seed) (t taskID, ok bool) {
	var plain [taskIDSize]byte
	mask := taskIDMask(s, u)
	subtle.XORBytes(plain[:], u[:taskIDSize], mask[:])
	t = taskID{
		schedule: binary.BigEndian.Uint16(plain[:]),
		run:      binary.BigEndian.Uint32(plain[2:]),
	}
	return t, t.uuid(s) == u
}

func taskIDMask(s seed, u uuid) (mask [taskIDSize]byte) {
	sum := s.sum("task mask", string(u[taskIDSize:]))
	copy(mask[:], sum[:])
	return mask
}
