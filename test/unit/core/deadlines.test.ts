import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/gang/deadlines.ts';
import type { Slot } from '../../../src/core/gang/slot.ts';

type Changing = { -readonly [K in keyof Slot]: Slot[K] };

const slot = (): Changing => ({
  gang: 'ns/app',
  role: 'executor',
  isLeader: false,
  vector: new Float64Array(2),
  state: 'reserved',
  node: 'node-1',
  podUid: '',
  deadlineMs: Infinity,
});

test('slots come due once each, with the deadline that they have last and only while they are reserved', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('deadline' as const), slot: fc.nat(9), ms: fc.nat(100) }),
    fc.record({ kind: fc.constant('claimed' as const), slot: fc.nat(9) }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const deadlines = new Deadlines();
      const slots = Array.from({ length: 10 }, slot);
      let nowMs = 0;
      for (const one of steps) {
        if (one.kind === 'time') {
          nowMs += one.ms;
          const expected = slots.filter(({ state, deadlineMs }) => state === 'reserved' && deadlineMs <= nowMs);
          expect(new Set(deadlines.takeDue(nowMs))).toEqual(new Set(expected));
          for (const late of expected) Object.assign(late, { state: 'unplaced', deadlineMs: Infinity });
        } else if (one.kind === 'claimed') {
          Object.assign(slots[one.slot]!, { state: 'assumed', deadlineMs: Infinity });
        } else {
          Object.assign(slots[one.slot]!, { state: 'reserved', deadlineMs: nowMs + 1 + one.ms });
          deadlines.add(slots[one.slot]!);
        }
      }
    }),
  );
});
