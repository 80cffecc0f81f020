import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Benchmark } from './support/benchmark.ts';
import { BENCHMARKS } from './support/names.ts';
import { progress } from './support/progress.ts';
import { runAndReport } from './support/report.ts';
import { exitOnSignals } from './support/signals.ts';

const USAGE = `npm run bench -- [NAME...] [--quick] [--svg] [--strict]
  NAME      which benchmarks; all of them where none is named
  --quick   a short run, to see that a benchmark works; its figures count for nothing
  --svg     write the pictures of docs/performance.md to docs/images/ as well
  --strict  exit with 1 where a check is missed`;

/** Benchmarks whose file is there. Each is loaded when its turn comes. */
function available(): string[] {
  const files = new Set(readdirSync(new URL('.', import.meta.url)));
  return BENCHMARKS.filter((name) => files.has(`${name}.js`));
}

async function load(name: string): Promise<Benchmark> {
  const module = (await import(new URL(`./${name}.js`, import.meta.url).href)) as { benchmark: Benchmark };
  return module.benchmark;
}

function fail(problem: string): never {
  console.error(`${problem}\n\n${USAGE}\n\nbenchmarks: ${available().join(', ')}`);
  process.exit(2);
}

function argumentsOf() {
  const options = { quick: { type: 'boolean' }, svg: { type: 'boolean' }, strict: { type: 'boolean' } } as const;
  const help = { help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ allowPositionals: true, options: { ...options, ...help } });
  } catch (error) {
    return fail((error as Error).message);
  }
}

const { values, positionals } = argumentsOf();
if (values.help) {
  console.log(USAGE);
  for (const name of available()) console.log(`  ${name.padEnd(12)}${(await load(name)).about}`);
  process.exit(0);
}
const unknown = positionals.find((name) => !available().includes(name));
if (unknown !== undefined) fail(`There is no benchmark "${unknown}".`);
exitOnSignals();
let isMissed = false;
for (const name of positionals.length > 0 ? positionals : available()) {
  const context = { progress, quick: values.quick ?? false, svgFolder: values.svg ? 'docs/images' : undefined };
  if (!(await runAndReport(await load(name), context))) isMissed = true;
}
process.exit(isMissed && values.strict ? 1 : 0);
