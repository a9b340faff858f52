package workers

import (
	"testing"
	"testing/synctest"
)

func TestRoomIsGivenInTheOrderOfAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := NewRowBudget(100)
		enter := func(rows int) (inside *bool, leave func()) {
			inside, goOut := new(bool), make(chan struct{})
			go func() {
				leave, err := budget.take(t.Context(), rows)
				if err != nil {
					return
				}
				*inside = true
				<-goOut
				leave()
			}()
			synctest.Wait()
			return inside, func() { close(goOut); synctest.Wait() }
		}
		most, leaveMost := enter(70)
		more, leaveMore := enter(500) // more than there is room for
		small, leaveSmall := enter(25)
		handed, leaveHanded := enter(handful)
		if !*most || *more || *small || !*handed {
			t.Errorf("inside are %t, %t, %t and %t", *most, *more, *small, *handed)
		}
		leaveMost()
		if !*more || *small {
			t.Errorf("then inside are %t and %t", *more, *small)
		}
		leaveMore()
		if !*small {
			t.Error("the last has no room")
		}
		leaveSmall()
		leaveHanded()
	})
}
