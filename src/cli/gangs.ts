import type { z } from 'zod';
import { counted } from '../core/wording.ts';
import type { GangRowList, GangRowQuery } from '../server/api/board-schemas.ts';
import { tame } from './columns.ts';
import { documentText, type ListFormat, type Out } from './formats.ts';
import { gangLines, type GangRow } from './gang-text.ts';
import { gangRows, queueOf, type StreamEvent } from './muster-api.ts';
import type { MusterServer } from './server/client.ts';
import { withMuster } from './server/connect.ts';
import type { ServerFlags } from './server/flags.ts';
import { byClockOf, type View } from './view.ts';
import { untilStopped, watch } from './watch.ts';

type Query = z.input<typeof GangRowQuery>;
type List = z.output<typeof GangRowList>;

export interface GangsFlags extends ServerFlags, Pick<Query, 'namespace' | 'queue' | 'phase' | 'user' | 'waitsFor'> {
  readonly search?: string;
  readonly sort?: Query['sort'];
  readonly desc?: true;
  /** Print at most so many. */
  readonly limit?: number;
  readonly output: ListFormat;
  readonly watch?: true;
}

/** One window of the list: muster makes it in one piece. */
const WINDOW = 1000;

/**
 * `muster gangs`: what waits, in order, and what runs.
 * @returns the exit code: 0, also where nothing matches
 * @throws MusterError MUSTER_ASK_FAILED, MUSTER_USAGE
 */
export async function gangsCommand(flags: GangsFlags, out: Out): Promise<number> {
  const text = async (server: MusterServer) => {
    const view = out.view();
    // What does not fit on the screen is not read.
    const most = flags.watch && view.isTerminal ? Math.min(flags.limit ?? WINDOW, view.height) : flags.limit;
    const list = await gangsOf(server, queryOf(flags), most);
    // A queue that is not there is a mistake, and the answer names those that are like it.
    if (list.total === 0 && flags.queue !== undefined) await queueOf(server, flags.queue);
    return textOf(list, flags, byClockOf(server, view));
  };
  if (!flags.watch) {
    out.write(await withMuster(flags, text));
    return 0;
  }
  const versionOf = (event: StreamEvent) => (event.kind === 'tick' ? event.tick.gangs : undefined);
  return untilStopped((signal) => watch(flags, { draw: text, versionOf, signal }, out));
}

/** All matching gangs, or the first of them, window by window. @param most absent: all */
async function gangsOf(server: MusterServer, query: Query, most = Infinity): Promise<List> {
  const window = (offset: number) => gangRows(server, { ...query, offset, limit: Math.min(WINDOW, most - offset) });
  const first = await window(0);
  // Between two windows the list may move: nobody is told twice.
  const rows = new Map(first.items.map((row) => [keyOf(row), row]));
  for (let offset = first.items.length; offset < Math.min(first.total, most);) {
    const { items } = await window(offset);
    if (items.length === 0) break;
    for (const row of items) rows.set(keyOf(row), row);
    offset += items.length;
  }
  return { ...first, items: [...rows.values()] };
}

let hidden = 0;
const keyOf = ({ gang, isHidden }: GangRow) => (isHidden ? `${gang} ${hidden++}` : gang);

function textOf(list: List, flags: GangsFlags, view: View): string {
  const { items, total, waiting, snapshot } = list;
  switch (flags.output) {
    case 'json':
    case 'yaml':
      return documentText(list, flags.output);
    case 'name':
      return items.map(({ gang }) => `${tame(gang)}\n`).join('');
    case 'table':
    case 'wide': {
      if (total === 0) return `${noneOf(flags)}\n`;
      const lines = gangLines(items, flags.output === 'wide', view, view.isTerminal && flags.phase !== undefined);
      const more = total > items.length ? [`and ${(total - items.length).toLocaleString('en-US')} more`] : [];
      const none = waiting === 0 && flags.phase === undefined ? ['No gang waits.'] : [];
      const stale = snapshot?.isStale
        ? [
            `As the cluster was ${counted(Math.ceil(snapshot.ageSeconds), 'second')} ago: the API server does not answer muster, and no gang is admitted.`,
          ]
        : [];
      return `${[...lines, ...more, ...none, ...stale].join('\n')}\n`;
    }
  }
}

/** What there is none of, in words. */
function noneOf({ namespace, queue, phase, user, waitsFor, search }: GangsFlags): string {
  const where = [
    namespace === undefined ? '' : ` in namespace ${namespace}`,
    queue === undefined ? '' : ` in queue ${queue}`,
    user === undefined ? '' : ` of user ${user}`,
    search === undefined ? '' : ` that matches ${search}`,
  ].join('');
  if (waitsFor !== undefined) return `No gang${where} waits for ${waitsFor}.`;
  if (phase === 'waiting') return `No gang${where} waits.`;
  return phase === undefined ? `There is no gang${where}.` : `No gang${where} is ${phase}.`;
}

const queryOf = ({ namespace, queue, phase, user, waitsFor, search, sort, desc }: GangsFlags): Query => ({
  namespace,
  queue,
  phase,
  user,
  waitsFor,
  search,
  sort,
  order: desc ? 'desc' : undefined,
});
