import { expect, test } from 'vitest';
import { Board } from '../../../src/server/api/board.ts';
import { nodeMapView } from '../../../src/server/api/board-views.ts';
import { EVERYTHING } from '../../../src/server/api/viewer.ts';
import { node } from '../../support/builders.ts';
import { World } from '../../support/world.ts';

const boardOf = (nodes: readonly string[], versionsAfter: number) => {
  const { scheduler } = new World(
    nodes.map((name) => node(name, { cpu: 1 })),
    {},
    true,
  );
  return new Board({ scheduler, nowMs: () => 0, moreOf: () => ({}), moreChanges: () => 0, versionsAfter });
};

test('what a reader knows of one replica is not taken for what another has', async () => {
  const [one, other] = [boardOf(['a', 'b'], 1000), boardOf(['b', 'a'], 2000)];
  const known = await one.nodes();
  const { map, ...rest } = await other.nodes();
  const view = nodeMapView({ map, ...rest }, { version: other.nodesVersion, known: known.namesVersion }, EVERYTHING);
  expect(view.names).toEqual(['b', 'a']);
  await Promise.all([one.gangs(), other.gangs()]);
  const versions = ({ gangsVersion, nodesVersion, queuesVersion, policiesVersion }: Board) => {
    return [gangsVersion, nodesVersion, queuesVersion, policiesVersion];
  };
  const [before, after] = [versions(one), versions(other)];
  expect(before.every((version) => version >= 1000 && version < 1010)).toBe(true);
  expect(after.every((version) => version >= 2000 && version < 2010)).toBe(true);
});
