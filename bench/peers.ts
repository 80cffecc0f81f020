import { peersOptions, PEERS_USAGE, type PeersOptions } from './peers/options.ts';
import { areGiven, pathsOf } from './peers/programs.ts';
import { runPeers } from './peers/run.ts';
import { SIDES, sidesNamed, type Side } from './peers/sides.ts';
import { peersTable } from './peers/table.ts';
import { exitOnSignals } from './support/signals.ts';

/** How fast schedulers bind gangs on the same control plane; docs/performance.md has the table. */
function listText(): string {
  const lines = SIDES.map(({ name, about, needs }) => {
    const variables = needs.map(({ variable, what }) => `\n${' '.repeat(22)}${variable}: the path of ${what}`);
    return `  ${name.padEnd(20)}${about}${variables.join('')}`;
  });
  return lines.join('\n');
}

/** Those that are named, with all that they need; or those whose programs are there. */
function sidesOf({ sides, sizes }: PeersOptions): readonly Side[] {
  const inOrder = (side: Side) => !side.needsAllPods || !sizes.some(({ driverFirst }) => driverFirst);
  if (sides === undefined) return SIDES.filter((side) => areGiven(side.needs) && inOrder(side));
  const chosen = sidesNamed(sides);
  for (const { name, needs } of chosen) pathsOf(name, needs);
  const waiting = chosen.find((side) => !inOrder(side));
  if (waiting)
    throw new Error(
      `--driver-first: ${waiting.name} binds no driver before its executors are there. Leave it out of --sides.`,
    );
  return chosen;
}

exitOnSignals();
try {
  const options = peersOptions(process.argv.slice(2));
  if (options === undefined) console.log(PEERS_USAGE);
  else if (options === 'list') console.log(listText());
  else {
    const sides = sidesOf(options);
    const records = await runPeers(sides, options);
    const names = sides.map(({ name }) => name);
    for (const sizes of options.sizes) console.log(`\n${peersTable(records, sizes, names)}`);
  }
} catch (error) {
  console.error(`${(error as Error).message}\n\nnpm run bench:peers -- --help`);
  process.exitCode = 2;
}
