import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import { amountOf } from '../core/explanation/amounts.ts';
import { counted } from '../core/wording.ts';
import { asObject, type Json } from '../intake/field.ts';
import { documentsOf } from '../intake/manifests.ts';
import type { EtaView } from '../server/api/schemas.ts';
import { documentText, type Out } from './formats.ts';
import { etaOf, explanationOf, type AskFlags } from './muster-api.ts';
import { withMuster } from './server/connect.ts';
import { forecastText, startText, timeLines } from './time-text.ts';
import { PIPE, type View } from './view.ts';
import { wrapped } from './wrapped.ts';

export interface EtaFlags extends AskFlags {
  readonly output: 'text' | 'json' | 'yaml';
}

type Eta = z.output<typeof EtaView>;

/** A name that ends like this is a file, as is `-`, standard input. */
const FILE = /^-$|\.(ya?ml|json)$/i;

/**
 * `muster eta FILE|APP`: when an app would start that is not submitted yet, or when one that waits starts. Changes
 * nothing.
 * @returns the exit code: 0 told, 1 there is no such app, or it cannot start
 */
export async function etaCommand(
  target: string,
  flags: EtaFlags,
  write: (text: string) => void,
  view: () => View = () => PIPE,
): Promise<number> {
  if (FILE.test(target)) return ofFile(target, flags, { write, view });
  const { found, now } = await withMuster(flags, async (server) => {
    const told = await explanationOf(target, server, flags.namespace);
    return { found: told, now: server.now() };
  });
  if (!found) {
    write(`There is no gang called ${target}; a file must end in .yaml, .yml or .json.\n`);
    return 1;
  }
  const { gang, phase, start, ends, forecast, advice } = found;
  const times = timeLines(found, now);
  const lines = [`Gang ${gang}: ${phase}`, ...times, ...(start ? advice.map((line) => `* ${line}`) : [])];
  const told = { gang, phase, start, ends, forecast };
  write(flags.output === 'text' ? shown(lines, view()) : documentText(told, flags.output));
  return 0;
}

async function ofFile(file: string, flags: EtaFlags, { write, view }: Out): Promise<number> {
  const name = file === '-' ? 'standard input' : file;
  const objects = objectsIn(read(file, name), name);
  const { eta, now } = await withMuster(flags, async (server) => {
    const told = await etaOf({ name, objects }, server);
    return { eta: told, now: server.now() };
  });
  const text = () => shown(textOf(eta, now), view());
  write(flags.output === 'text' ? text() : documentText(eta, flags.output));
  return eta.cannotStart === undefined ? 0 : 1;
}

const shown = (lines: readonly string[], { width }: View) =>
  `${lines.flatMap((line) => wrapped(line, width)).join('\n')}\n`;

function read(file: string, name: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${name}: ${(cause as Error).message}.`, { cause });
  }
}

function objectsIn(text: string, name: string): Json[] {
  const objects = documentsOf(text, name).filter((document) => document !== null && document !== undefined);
  if (objects.length === 0) throw new MusterError('MUSTER_OBJECT_INVALID', `${name}: has no objects.`);
  return objects.map((object) => asObject(object, name));
}

function textOf(
  { gang, queue, priority, policy, members, start, cannotStart, limit, forecast, sooner }: Eta,
  now: Date,
): string[] {
  const who = `${gang} (${counted(members, 'member')}, queue ${queue}, priority ${priority}, policy ${policy}), submitted now:`;
  return [
    who,
    ...(cannotStart === undefined ? [] : [cannotStart]),
    ...(limit === undefined ? [] : [`It would wait: ${limit}.`]),
    ...(start ? [startText(start, now)] : []),
    forecastText(forecast),
    ...sooner.map((one) => `* ${soonerText(one, now)}`),
  ];
}

function soonerText(one: Eta['sooner'][number], now: Date): string {
  switch (one.kind) {
    case 'fewer':
      return `With ${counted(one.count, 'member')} of role ${one.role} instead of ${one.instead} it would start now.`;
    case 'smaller': {
      const amounts = Object.entries(one.request).filter(([resource]) => resource !== 'pods');
      const each = amounts.map(([resource, value]) => amountOf(resource, resource === 'cpu' ? value * 1000 : value));
      return `With at most ${each.join(' and ')} for each member of role ${one.role} it would start now.`;
    }
    case 'priority':
      return startText(one.start, now, `Ahead of all that wait (priority ${one.priority}) it`);
  }
}
