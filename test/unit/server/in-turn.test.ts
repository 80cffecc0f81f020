import { expect, test } from 'vitest';
import type { MusterError } from '../../../src/core/errors.ts';
import { withoutPause, type Slices } from '../../../src/core/work.ts';
import { inTurn } from '../../../src/server/api/in-turn.ts';

test('one question is answered after the other, and of too many at once some are refused', async () => {
  const ask = inTurn();
  const order: string[] = [];
  function* work(i: number): Slices<number> {
    order.push(`${i} begins`);
    yield undefined;
    order.push(`${i} ends`);
    return i;
  }
  const answers = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => ask(() => work(i))));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(32);
  const refused = answers.find((one): one is PromiseRejectedResult => one.status === 'rejected');
  expect(refused?.reason).toMatchObject({ code: 'MUSTER_BUSY' } satisfies Partial<MusterError>);
  expect(order.slice(0, 4)).toEqual(['0 begins', '0 ends', '1 begins', '1 ends']);
  await expect(ask(() => withoutPause('again'))).resolves.toBe('again');
});

test('a question that fails makes room for the next', async () => {
  const ask = inTurn();
  for (let i = 0; i < 40; i++)
    await expect(
      ask(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
  await expect(ask(() => withoutPause(1))).resolves.toBe(1);
});
