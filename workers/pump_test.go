package workers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"rapport/channels"
	"rapport/deliveries"
)

// queued lists the kinds of tasks that wait in a queue, and their payloads.
func (s *shop) queued(queue string) (kinds, payloads []string) {
	s.t.Helper()
	tasks, err := asynq.NewInspectorFromRedisClient(s.redis).ListPendingTasks(queue, asynq.PageSize(1000))
	if err != nil {
		return nil, nil // a queue nobody ever used
	}
	for _, task := range tasks {
		kinds, payloads = append(kinds, task.Type), append(payloads, string(task.Payload))
	}
	return kinds, payloads
}

func (s *shop) round() int {
	s.t.Helper()
	tasks, err := s.pump.Round(s.ctx())
	ok(s.t, err)
	return tasks
}

func TestThePumpHandsOverWhatIsDueByChannel(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		for _, event := range []string{"Texted", "Wrote", "Rang", "Nudged"} {
			s.plan("ann", event)
		}
		if tasks := s.round(); tasks != 4 {
			t.Errorf("%d tasks, want one for each channel", tasks)
		}
		for _, ch := range channels.All() {
			kinds, payloads := s.queued(string(ch))
			if len(kinds) != 1 || kinds[0] != "deliver" {
				t.Fatalf("%s: %v", ch, kinds)
			}
			var ids []int64
			ok(t, json.Unmarshal([]byte(payloads[0]), &ids))
			if d := s.ledger()[ids[0]-1]; d.Channel != ch || d.Status != deliveries.Queued {
				t.Errorf("%s: the task names delivery %d, which is %s %s", ch, ids[0], d.Status, d.Channel)
			}
		}
		if tasks := s.round(); tasks != 0 {
			t.Errorf("%d tasks for what is handed over already", tasks)
		}
	})
}

// Redis holds numbers and names of campaigns, and nothing of a person.
func TestNothingPersonalIsInRedis(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/daily.yaml": fmt.Sprintf(daily, "")}))
	ok(t, s.schedule.Round(s.ctx()))
	s.later(time.Hour)
	ok(t, s.schedule.Round(s.ctx()))
	ok(t, s.mender.Refill(s.ctx()))
	for _, event := range []string{"Texted", "Wrote", "Rang", "Nudged"} {
		s.plan("ann", event, "note", "to jo@home.example")
	}
	s.happen("ann", "Delivered", "order", "secret order")
	_, err := s.store.Receive(s.ctx(), textOut.String(), callback(publicURL+textHook, form("From", phoneOf("ann"), "Body", "secret words"), s.clock()))
	ok(t, err)
	s.round()
	s.courier.Limits.Take(s.ctx(), number, 1)
	dump := s.mini.Dump()
	for _, kind := range []string{"deliver", "react", "read", "enter"} {
		if !strings.Contains(dump, kind) {
			t.Errorf("there is no %s task; the test shows nothing:\n%s", kind, dump)
		}
	}
	for _, personal := range []string{"ann", "Jo", "home.example", "15112345", "secret", "A note", "4930123", "/push/"} {
		if strings.Contains(dump, personal) {
			t.Errorf("Redis holds %q:\n%s", personal, dump)
		}
	}
}

// However often the bell rings, what nobody leases is handed over once, until a
// worker has done it.
func TestTasksThatNothingLeasesDoNotPileUp(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		s.happen("ann", "Texted")
		s.happen("ann", "Wrote")
		s.reply("+4915112340000", "who is this?")
		_, err := s.store.Receive(s.ctx(), textOut.String(), callback(publicURL+textHook, "", s.clock()))
		ok(t, err)
		for range 20 {
			s.round()
		}
		if kinds, _ := s.queued("journey"); len(kinds) != 2 {
			t.Errorf("waiting: %v", kinds)
		}
	})
}

// A million entries leave room in the queue for whoever says stop.
func TestEntriesDoNotFillTheQueue(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		queue := asynq.NewClientFromRedisClient(s.redis)
		s.happen("ann", "Texted")
		ok(t, s.reactor.React(s.ctx()))
		for range 20 {
			_, err := queue.EnqueueContext(s.ctx(), asynq.NewTask("travel", []byte("[]")), asynq.Queue("journey"))
			ok(t, err)
		}
		if tasks := s.round(); tasks != 0 {
			t.Errorf("%d tasks more on a full queue", tasks)
		}
		s.happen("ann", "Wrote")
		if tasks := s.round(); tasks != 1 {
			t.Errorf("%d tasks, want one for the event", tasks)
		}
	})
}

// While Redis is away nothing is leased: it would only have to wait.
func TestARedisThatIsAwayIsGivenNothing(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	s.mini.Close()
	if _, err := s.pump.Round(s.ctx()); err == nil {
		t.Fatal("nobody is told")
	}
	s.stands(deliveries.Planned, "")
	ok(t, s.mini.Restart())
	if tasks := s.round(); tasks != 1 {
		t.Errorf("%d tasks once it is back", tasks)
	}
}

// A channel that nobody works on takes no room from the others, and its tasks are
// not heaped up.
func TestAChannelWithoutWorkersHoldsUpNoOther(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		queue := asynq.NewClientFromRedisClient(s.redis)
		for range 200 { // left behind by leases that are over
			_, err := queue.EnqueueContext(s.ctx(), asynq.NewTask("deliver", []byte("[]")), asynq.Queue("sms"))
			ok(t, err)
		}
		s.plan("ann", "Texted")
		s.plan("ann", "Wrote")
		if tasks := s.round(); tasks != 1 {
			t.Errorf("%d tasks, want the letter's", tasks)
		}
		all := s.ledger()
		if all[0].Status != deliveries.Planned || all[1].Status != deliveries.Queued {
			t.Errorf("the text is %s, the letter %s", all[0].Status, all[1].Status)
		}
	})
}

// crammed is a Redis that does not take so many tasks.
type crammed struct{ tasks int }

func (*crammed) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*crammed) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (r *crammed) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		if r.tasks > 0 && strings.HasPrefix(command.Name(), "eval") {
			r.tasks--
			err := errors.New("out of memory")
			command.SetErr(err)
			return err
		}
		return next(ctx, command)
	}
}

func TestATaskThatRedisRefusedIsHandedOverNext(t *testing.T) {
	s := open(t, files)
	s.happen("ann", "Texted")
	s.redis.AddHook(&crammed{tasks: 1})
	if _, err := s.pump.Round(s.ctx()); err == nil {
		t.Fatal("nobody was told that Redis refused a task")
	}
	if tasks := s.round(); tasks != 1 {
		t.Errorf("%d tasks in the next round", tasks)
	}
}

// A Redis that refuses for a moment costs no message more than that moment, and what
// it does not take of one channel keeps no other from going.
func TestWhatRedisRefusedIsDueAtOnce(t *testing.T) {
	for name, c := range map[string]struct{ refused, taken int }{
		"one channel": {1, 3}, "all": {4, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, files)
			for _, event := range []string{"Texted", "Wrote", "Rang", "Nudged"} {
				s.plan("ann", event)
			}
			s.redis.AddHook(&crammed{tasks: c.refused})
			tasks, err := s.pump.Round(s.ctx())
			if err == nil || tasks != c.taken {
				t.Errorf("%d tasks, want %d; %v", tasks, c.taken, err)
			}
			waiting := 0
			for _, d := range s.ledger() {
				if d.Status == deliveries.Planned {
					waiting++
				}
			}
			if waiting != c.refused {
				t.Errorf("%d wait, want %d", waiting, c.refused)
			}
			if tasks := s.round(); tasks != c.refused {
				t.Errorf("%d tasks in the next round, want %d", tasks, c.refused)
			}
		})
	}
}

// Journeys, too, are walked on once Redis takes their task.
func TestJourneysThatRedisRefusedAreAwakeAtOnce(t *testing.T) {
	s := open(t, files)
	s.happen("ann", "Texted")
	ok(t, s.reactor.React(s.ctx()))
	s.redis.AddHook(&crammed{tasks: 1})
	if tasks, err := s.pump.Round(s.ctx()); err == nil || tasks != 0 {
		t.Fatalf("%d tasks, %v", tasks, err)
	}
	if tasks := s.round(); tasks != 1 {
		t.Errorf("%d tasks in the next round", tasks)
	}
}

// As long as Redis refuses, no more rows are leased for it than show whether it still
// does.
func TestARedisThatRefusesIsTriedWithOneRow(t *testing.T) {
	s := open(t, files)
	s.person("bob")
	for _, id := range []string{"ann", "bob"} {
		s.plan(id, "Texted")
	}
	crammed := &crammed{tasks: 1}
	s.redis.AddHook(crammed)
	if _, err := s.pump.Round(s.ctx()); err == nil {
		t.Fatal("nobody is told")
	}
	if tasks, payloads := s.round(), s.payloads("sms"); tasks != 1 || len(payloads) != 1 || strings.Contains(payloads[0], ",") {
		t.Errorf("%d tasks: %v", tasks, payloads)
	}
	if tasks, payloads := s.round(), s.payloads("sms"); tasks != 1 || len(payloads) != 2 {
		t.Errorf("%d tasks: %v", tasks, payloads)
	}
}

func (s *shop) payloads(queue string) []string {
	_, payloads := s.queued(queue)
	return payloads
}

// mumbling is a Redis that takes a task and does not say so.
type mumbling struct {
	crammed
	then func() // happens before it fails to say so
}

func (r *mumbling) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		err := next(ctx, command)
		if err == nil && r.tasks > 0 && strings.HasPrefix(command.Name(), "eval") {
			r.tasks--
			if r.then != nil {
				r.then()
			}
			err = errors.New("connection reset")
			command.SetErr(err)
		}
		return err
	}
}

// A task that got in although the answer was an error sends nothing twice, whether a
// worker has it before its rows are taken back or after they were handed over again.
func TestATaskThatGotInUnsaidSendsNothingTwice(t *testing.T) {
	for name, early := range map[string]bool{"taken at once": true, "taken late": false} {
		t.Run(name, func(t *testing.T) {
			s := open(t, files)
			s.plan("ann", "Texted")
			redis := &mumbling{crammed: crammed{tasks: 1}}
			work := func() {
				for _, payload := range s.payloads("sms") {
					var ids []int64
					ok(t, json.Unmarshal([]byte(payload), &ids))
					ok(t, s.courier.Deliver(s.ctx(), ids))
				}
			}
			if early {
				redis.then = work
			}
			s.redis.AddHook(redis)
			if _, err := s.pump.Round(s.ctx()); err == nil {
				t.Fatal("nobody is told")
			}
			s.round()
			if n := len(s.payloads("sms")); early && n != 1 || !early && n != 2 {
				t.Errorf("%d tasks in Redis; the test shows nothing", n)
			}
			work()
			s.stands(deliveries.Sent, "")
			if sent := len(s.provider.requests()); sent != 1 {
				t.Errorf("sent %d times", sent)
			}
		})
	}
}
