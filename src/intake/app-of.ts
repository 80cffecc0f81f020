import { internedText } from './interning.ts';
import { ownersOf } from './owners.ts';
import type { Json } from './field.ts';

const APP = 'muster.dev/app';
const MAX_NAME = 100;
/** The longest name of a Kubernetes object; a label has 63. */
const MAX_READ = 253;

/** Owners that start the same app again and again, under new names. */
const SCHEDULES = new Set(['CronJob', 'CronWorkflow', 'ScheduledSparkApplication']);

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** A year with a month, perhaps a day, perhaps a time of the day. Every repetition is bounded. */
const DATE =
  /(?<!\d)(?:19|20)\d\d([-_.])(?:0[1-9]|1[0-2])(?:\1(?:0[1-9]|[12]\d|3[01])(?:[t_-]\d\d[-_.:]?\d\d(?:[-_.:]?\d\d)?(?:\.\d{1,9})?(?:z|[+-]\d\d:?\d\d)?)?)?(?!\d)/g;
const DIGITS = /\d{3,}/g;
const HEX = /^[0-9a-f]{6,}$/;
const HAS_DIGIT = /\d/;
/** Kubernetes' random names: no vowels, and no digits that look like letters (util/rand, apimachinery). */
const GENERATED = /^[bcdfghjklmnpqrstvwxz2456789]+$/;
const GENERATED_LENGTHS = new Set([5, 8, 9, 10]);
/** Words that say nothing of an app, with `#` for its number. */
const SAYS_NOTHING = new Set([
  '',
  '#',
  'spark',
  'driver',
  'app',
  'application',
  'job',
  'run',
  'task',
  'pod',
  'workflow',
]);

/** What there is to name a pod's app by. */
export interface AppSource {
  /** The pod, as the API server sent it; its owners are read. */
  readonly object: Json;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** The name of its gang, or its own. */
  readonly name: string;
}

/**
 * The name under which a pod's app comes again, at most 100 characters: what its owner says, else the name of its
 * schedule, of its Airflow task, of its Spark app, or its own, without dates, numbers and random parts. undefined: nothing
 * is left of it.
 */
export function appOf(source: AppSource): string | undefined {
  const { labels, annotations } = source;
  const said = annotations.get(APP);
  if (said) return internedText(said.slice(0, MAX_NAME));
  const dag = labels.get('dag_id');
  const name =
    labels.get('sparkoperator.k8s.io/scheduled-app-name') ??
    scheduleOf(source.object) ??
    (dag === undefined ? undefined : `${dag}/${labels.get('task_id') ?? ''}`) ??
    labels.get('spark-app-name') ??
    source.name;
  const app = withoutVariables(name);
  return app.split(/[^a-z0-9#]+/).every((word) => SAYS_NOTHING.has(word)) ? undefined : internedText(app);
}

/** The name in lower case with `#` for whatever differs from run to run. Linear in its length. */
export function withoutVariables(name: string): string {
  const text = name.slice(0, MAX_READ).toLowerCase().replace(UUID, '#').replace(DATE, '#');
  const words = text.split(/([^a-z0-9#]+)/);
  const last = words.length - 1;
  return words
    .map((word, i) => (isHash(word) || (i > 0 && i >= last - 2 && isRandom(word)) ? '#' : word.replace(DIGITS, '#')))
    .join('')
    .slice(0, MAX_NAME);
}

/** Hexadecimal digits, one of which is a digit: `decade` is a word. */
const isHash = (word: string) => HEX.test(word) && HAS_DIGIT.test(word);

/** Whether a word at the end of a name is a random suffix. */
function isRandom(word: string): boolean {
  if (!HAS_DIGIT.test(word)) return false;
  if (GENERATED.test(word) && GENERATED_LENGTHS.has(word.length)) return true;
  return word.length >= 6 && changes(word) >= 4;
}

/** How often letters and digits take turns: `k3j9x0` 5 times, `log4j2` 3 times. */
function changes(word: string): number {
  let count = 0;
  for (let i = 1; i < word.length; i++) if (isDigit(word, i) !== isDigit(word, i - 1)) count++;
  return count;
}

const isDigit = (word: string, i: number) => word[i]! >= '0' && word[i]! <= '9';

function scheduleOf(object: Json): string | undefined {
  for (const { kind, name } of ownersOf(object)) if (SCHEDULES.has(kind)) return name;
  return undefined;
}
