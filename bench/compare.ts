import Table from 'cli-table3';
import type { Report, Result } from './support/benchmark.ts';
import { readReport, short } from './support/report.ts';

const USAGE = 'npm run bench:compare -- A.json B.json: what B has against A, both written by npm run bench';

function fail(problem: string): never {
  console.error(`${problem}\n\n${USAGE}`);
  process.exit(2);
}

function read(file: string): Report {
  try {
    return readReport(file);
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** Whether the middle halves lie apart: else the difference may be noise. */
function isApart(a: Result, b: Result): boolean {
  return !a.spread || !b.spread || a.spread[1] < b.spread[0] || b.spread[1] < a.spread[0];
}

const files = process.argv.slice(2);
if (files.length !== 2) fail(`Two files are needed, not ${files.length}.`);
const [a, b] = [read(files[0]!), read(files[1]!)];
if (a.benchmark !== b.benchmark) fail(`${files[0]} is of ${a.benchmark}, ${files[1]} of ${b.benchmark}.`);

const table = new Table({ head: ['', 'unit', 'A', 'B', 'B / A', 'p99 B / A', ''], style: { head: [], border: [] } });
const before = new Map(a.results.map((result) => [result.name, result]));
for (const now of b.results) {
  const was = before.get(now.name);
  before.delete(now.name);
  if (!was) table.push([now.name, now.unit, '-', short(now.median), '', '', 'only in B']);
  else {
    const p99 = was.p99 === undefined || now.p99 === undefined ? '' : short(now.p99 / was.p99);
    const verdict = isApart(was, now) ? '' : 'within the spread';
    table.push([
      now.name,
      now.unit,
      short(was.median),
      short(now.median),
      short(now.median / was.median),
      p99,
      verdict,
    ]);
  }
}
for (const was of before.values()) table.push([was.name, was.unit, short(was.median), '-', '', '', 'only in A']);
console.log(table.toString());
for (const [name, { revision, machine, node, quick }] of Object.entries({ A: a, B: b })) {
  console.log(
    `${name}: ${revision}; ${machine}; Node.js ${node}${quick ? '; a quick run: its figures count for nothing' : ''}`,
  );
}
