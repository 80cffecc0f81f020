import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

// Recomputes the main table of a replay from its --jobs output and the raw trace, for those who do not believe it:
//   node bench/recompute.mjs JOBS.ndjson TRACE RESULT.json
// It shares no code with muster. From RESULT.json it takes the figures to compare, the cluster's cpu, the end of each
// simulation, and --speed and --shorten; when a job came and how long it runs are read from the trace itself.

const TOLERANCE = 0.001;
const BOUND_MS = 10_000;
/** Figures of the cluster as a whole: no job has a part in them. */
const NOT_OF_JOBS = ['idle.reserved', 'overcommits'];

const [jobsFile, traceFile, resultFile] = process.argv.slice(2);
if (resultFile === undefined) fail('usage: node bench/recompute.mjs JOBS.ndjson TRACE RESULT.json');

function fail(problem) {
  console.error(problem);
  process.exit(2);
}

function text(file) {
  try {
    const bytes = readFileSync(file);
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    return fail(`${file}: ${error.message}`);
  }
}

function parsed(json, where) {
  try {
    return JSON.parse(json);
  } catch (error) {
    return fail(`${where}: ${error.message}`);
  }
}
const lines = (file) =>
  text(file)
    .split('\n')
    .filter((line) => line.trim() !== '');

const result = parsed(text(resultFile), resultFile);
if (!result.complete) fail(`${resultFile}: the replay was stopped early, and some jobs have no row`);
const records = lines(jobsFile).map((line, i) => parsed(line, `${jobsFile}:${i + 1}`));
const factor = (flag) => {
  const at = result.command.findIndex((one) => one === flag || one.startsWith(`${flag}=`));
  return at < 0 ? 1 : Number(result.command[at].split('=')[1] ?? result.command[at + 1]);
};
const [speed, shorten] = [factor('--speed'), factor('--shorten')];

/** The job of the raw trace that has this id: { submitMs, durationMs, members, deadlineMs }. */
const traceJob = traceReader(lines(traceFile));

function traceReader([header, ...rows]) {
  if (header === 'job_id,submission_time,duration,num_gpu') {
    // Microsoft ITP: muster calls a job NAME-ROW, and adds a driver to its workers.
    return (id) => {
      const [, submitted, duration, workers] = rows[Number(/\d+$/.exec(id)[0]) - 1].split(',').map(Number);
      return { submitMs: submitted * 1000, durationMs: duration * 1000, members: 1 + workers };
    };
  }
  const byId = new Map([header, ...rows].map((line) => JSON.parse(line)).map((job) => [job.id, job]));
  return (id) => {
    const { submit_s, duration_s, fails_at = 1, executors, deadline_s } = byId.get(id);
    return {
      submitMs: submit_s * 1000,
      durationMs: duration_s * fails_at * 1000,
      members: 1 + (executors?.count ?? 0),
      ...(deadline_s === undefined ? {} : { deadlineMs: (deadline_s * 1000) / shorten }),
    };
  };
}

/** Records with what the trace says of their jobs; times count from the first of them. */
function withTrace(list) {
  const found = list.map((record) => ({ ...record, trace: traceJob(record.id) }));
  const firstMs = Math.min(...found.map(({ trace }) => trace.submitMs));
  return found.map((record) => {
    const submitMs = Math.round((record.trace.submitMs - firstMs) / speed);
    return { ...record, submitMs, aloneMs: record.trace.durationMs / shorten, members: record.trace.members };
  });
}

const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);
const largest = (list, of) => list.reduce((most, one) => Math.max(most, of(one)), 0);

/** Nearest-rank quantiles of [value, isLowerBound] pairs; a figure is exact if no lower bound counts below it. */
function quantiles(path, pairs) {
  const values = pairs.map(([value]) => value).sort((a, b) => a - b);
  const leastOpen = Math.min(...pairs.filter(([, isOpen]) => isOpen).map(([value]) => value));
  const exact = pairs.filter(([value, isOpen]) => !isOpen && value <= leastOpen).length;
  const rank = { p50: 0.5, p95: 0.95, p99: 0.99, max: 1 };
  const figures = Object.entries(rank).map(([name, share]) => [name, Math.max(1, Math.ceil(share * values.length))]);
  const bounds = [
    ...(leastOpen < Infinity ? ['mean'] : []),
    ...figures.filter(([, at]) => values.length > 0 && at > exact).map(([name]) => name),
  ];
  return [
    [`${path}.count`, values.length],
    [`${path}.mean`, values.length === 0 ? 0 : sum(values, (value) => value) / values.length],
    ...figures.map(([name, at]) => [`${path}.${name}`, values[at - 1] ?? 0]),
    [`${path}.atLeast`, bounds.join(' ')],
  ];
}

/** All figures of one policy, as [path in the result, value]. */
function figuresOf(list, { endMs }) {
  const jobs = withTrace(list);
  const counted = jobs.filter(({ outcome }) => outcome !== 'larger');
  const isOver = ({ outcome }) => outcome === 'done' || outcome === 'failed';
  const waitOf = (job) => [(job.beganMs ?? job.endedMs ?? endMs) - job.submitMs, job.beganMs === undefined];
  const completionOf = (job) => [(job.endedMs ?? endMs) - job.submitMs, !isOver(job)];
  const slowdownOf = (job) => {
    const [ms, isOpen] = completionOf(job);
    return [Math.max(1, ms / Math.max(BOUND_MS, job.aloneMs)), isOpen];
  };
  const windowMs = largest(jobs, ({ submitMs }) => submitMs);
  const isLeft = ({ outcome }) => ['waiting', 'working', 'deadlocked'].includes(outcome);
  const makespanMs = jobs.some(isLeft) ? endMs : largest(jobs, ({ endedMs = 0 }) => endedMs);
  const cores = result.nodes.cpuMilli / 1000;
  const submitted = (job) => (job.aloneMs / 1000) * (job.cpuMilli / 1000);
  const doneWork = (job) => (isOver(job) ? submitted(job) : job.work.done);
  const outcomes = ['done', 'failed', 'larger', 'deadlocked', 'waiting', 'working', 'abandoned'];
  const late = (job) => job.outcome !== 'done' || job.endedMs - job.submitMs > job.trace.deadlineMs;
  const withDeadline = jobs.filter(({ trace }) => trace.deadlineMs !== undefined);
  return [
    ['outcomes.jobs', jobs.length],
    ...outcomes.map((name) => [`outcomes.${name}`, jobs.filter(({ outcome }) => outcome === name).length]),
    ...quantiles('waitMs', counted.map(waitOf)),
    ...quantiles('largeWaitMs', counted.filter(({ members }) => members >= 16).map(waitOf)),
    ...quantiles('slowdown', counted.map(slowdownOf)),
    ...quantiles('completionMs', counted.map(completionOf)),
    ['work.submitted', sum(jobs, submitted)],
    ['work.done', sum(jobs, doneWork)],
    ['workShare.window', sum(jobs, ({ work }) => work.inWindow) / (cores * (windowMs / 1000))],
    ['workShare.makespan', sum(jobs, doneWork) / (cores * (makespanMs / 1000))],
    ['makespanMs', makespanMs],
    ...['partial', 'starting', 'broken'].map((kind) => [`idle.${kind}`, sum(jobs, ({ held }) => held[kind])]),
    ['evictions', sum(jobs, ({ evictions }) => evictions)],
    ['gangsBroken', sum(jobs, ({ timesBroken }) => timesBroken)],
    ['work.lostToEvictions', sum(jobs, ({ work }) => work.lostToEvictions)],
    ['work.lostToFailures', sum(jobs, ({ work }) => work.lostToFailures)],
    ['deadlines', withDeadline.length],
    ['deadlinesMissed', withDeadline.filter(late).length],
    ['inversionSeconds', sum(jobs, ({ inversionMs }) => inversionMs) / 1000],
    ['podsBound', sum(jobs, ({ podsBound }) => podsBound)],
    ...foretold(jobs, endMs),
  ];
}

/** How far what was foretold was from what happened; nothing where nothing was foretold. */
function foretold(jobs, endMs) {
  const told = jobs.filter((job) => job.told);
  const startOf = ({ reservedMs, endedMs }) => reservedMs ?? endedMs ?? endMs;
  const isLate = (job) => startOf(job) > job.told.promisedMs;
  const isOvertaken = ({ told: { because = 'forecast' } }) => because !== 'forecast';
  const late = told
    .filter((job) => isLate(job) && !isOvertaken(job))
    .map((job) => [startOf(job) - job.told.promisedMs, job.reservedMs === undefined]);
  const started = told.filter(({ reservedMs }) => reservedMs !== undefined);
  const runs = jobs.filter(({ forecast }) => forecast).map(({ forecast }) => forecast);
  const errors = runs.map(({ medianMs, ranMs }) => Math.abs(Math.log(Math.max(1, ranMs) / Math.max(1, medianMs))));
  errors.sort((a, b) => a - b);
  if (told.length + runs.length === 0) return [];
  const waits = sum(started, ({ reservedMs, submitMs }) => reservedMs - submitMs);
  return [
    ['foretold.starts', told.length],
    ['foretold.kept', started.filter((job) => !isLate(job)).length],
    ['foretold.late', late.length],
    ['foretold.overtaken', told.filter((job) => isLate(job) && isOvertaken(job)).length],
    ...quantiles('foretold.lateMs', late),
    [
      'foretold.startError',
      waits === 0 ? null : sum(started, (job) => Math.abs(job.reservedMs - job.told.aboutMs)) / waits,
    ],
    ['foretold.runs', runs.length],
    ['foretold.runError', errors[Math.ceil(errors.length / 2) - 1] ?? null],
    [
      'foretold.withinP90',
      runs.length === 0 ? null : runs.filter(({ ranMs, p90Ms }) => ranMs <= p90Ms).length / runs.length,
    ],
  ];
}

/** Pairs of columns that must agree with each other, as [what, one, other]. */
function agreements(list) {
  const jobs = withTrace(list);
  const gross = ({ work }) => work.done + work.lostToEvictions + work.lostToFailures;
  const msIn = ({ waited }, wanted) => sum(waited, ({ phase, ms }) => (phase === wanted ? ms : 0));
  // Such a job works at full speed or not at all.
  const rigid = result.work.model === 'gang' ? jobs.filter(({ needed, members }) => needed === members) : [];
  return [
    ['times of submission', sum(list, (record) => record.submitMs), sum(jobs, ({ submitMs }) => submitMs)],
    [
      'time in all phases',
      sum(jobs, ({ waited }) => sum(waited, ({ ms }) => ms)),
      sum(jobs, (job) => job.completionMs),
    ],
    ['work = cpu at work', sum(rigid, gross), sum(rigid, ({ held }) => held.work)],
    [
      'work = time at work',
      sum(rigid, gross),
      sum(rigid, (job) => (msIn(job, 'working') / 1000) * (job.cpuMilli / 1000)),
    ],
  ];
}

const isClose = (a, b) => a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
const at = (figures, path) => path.split('.').reduce((value, key) => value[key], figures);
const shown = (value) => (typeof value === 'number' ? +value.toPrecision(9) : value || '-');

let wrong = 0;
function compare(what, one, other) {
  const isRight = isClose(one, other);
  if (!isRight) wrong++;
  console.log(`  ${isRight ? 'ok   ' : 'WRONG'} ${what.padEnd(24)} ${shown(one)}  ${shown(other)}`);
}

for (const policy of result.policies) {
  console.log(`\n${policy.policy}`);
  const list = records.filter((record) => record.policy === policy.policy);
  compare('one row per job', new Set(list.map(({ id }) => id)).size, result.trace.jobs);
  for (const [path, recomputed] of figuresOf(list, policy)) {
    const told = at(policy, path);
    compare(path, Array.isArray(told) ? told.join(' ') : told, recomputed);
  }
  for (const [what, one, other] of agreements(list)) compare(what, one, other);
  for (const path of NOT_OF_JOBS) console.log(`  -     ${path.padEnd(24)} ${shown(at(policy, path))}  (not of jobs)`);
}
console.log(wrong === 0 ? '\nEvery figure is within 0.1 %.' : `\n${wrong} figures differ by more than 0.1 %.`);
process.exit(wrong === 0 ? 0 : 1);
