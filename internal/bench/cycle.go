package bench

// cycler sends messages to a queue and takes messages out of it.
type cycler struct {
	*taker
	sender *sender
	o      *Options
}

func newCycler(o *Options, i int) (worker, error) {
	c, err := newCaller(&o.Queue.Target)
	return &cycler{newMessageTaker(o, c), newSender(o, i), o}, err
}

func (c *cycler) step() (done, error) {
	if c.o.Operation == ReceiveMessage {
		return c.replace()
	}
	// A receive may get less than a batch: others had the rest, or a group that is
	// locked has it. The backlog of a load stays small all the same.
	if batch := c.o.per(); c.o.backlog.Load() < 2*batch*int64(c.o.Connections) {
		if err := c.sender.send(&c.caller, int(batch)); err != nil {
			return done{}, err
		}
		c.o.backlog.Add(batch)
	}
	d, err := c.take()
	if err != nil {
		return done{}, err
	}
	c.o.backlog.Add(-d.records)
	d.took = 0
	return d, nil
}

// replace takes messages and sends as many.
func (c *cycler) replace() (done, error) {
	d, err := c.take()
	if err == nil && d.records == 0 {
		err = errRanOut
	}
	if err != nil {
		return done{}, err
	}
	return d, c.sender.send(&c.caller, int(d.records))
}
