import type { EndedRun } from '../../core/history/run-times.ts';
import { MusterError } from '../../core/errors.ts';
import { asObject, integerAt, listAt, objectAt, own, textAt, type Json } from '../field.ts';
import { executorCount } from '../spark/executor-count.ts';
import { sparkAppOf, type PastRun } from './past-run.ts';

/** The only properties that are read: a log has all of the app's, credentials among them. */
const KEPT =
  /^spark\.(master|kubernetes\.namespace|executor\.instances|dynamicAllocation\.(enabled|minExecutors|initialExecutors))$/;
/** The labels and annotations of the driver that are read, of those that spark-submit was told. */
const SAID =
  /^spark\.kubernetes\.driver\.(label|annotation)\.(muster\.dev\/(?:app|queue|user)|sparkoperator\.k8s\.io\/scheduled-app-name|dag_id|task_id)$/;

const PREFIX = '{"Event":"SparkListener';
const LAST_EVENT = 'ApplicationEnd';

/** Whether a file with this first line is an event log of Spark. */
export const isEventLog = (firstLine: string): boolean => firstLine.startsWith(PREFIX);

/**
 * The run in an event log of Spark, read line by line (JsonProtocol, Spark 2.1 to 4.1): it starts when it has the
 * executors that it needs. Of a line only the event's name is looked at, unless it is one of five.
 */
export class SparkEventLog {
  #app: string | undefined;
  #user: string | undefined;
  #startedMs: number | undefined;
  #endedMs: number | undefined;
  readonly #conf = new Map<string, string>();
  readonly #said = { label: new Map<string, string>(), annotation: new Map<string, string>() };
  /** When each executor came. */
  readonly #came: number[] = [];
  #hasFailed = false;

  readonly #events: Readonly<Record<string, (event: Json) => void>> = {
    ApplicationStart: (event) => {
      this.#app = textAt(event, 'App Name', 'ApplicationStart');
      this.#user = textAt(event, 'User', 'ApplicationStart');
      this.#startedMs = timeAt(event, 'ApplicationStart');
    },
    EnvironmentUpdate: (event) => this.#read(event),
    ExecutorAdded: (event) => void this.#came.push(timeAt(event, 'ExecutorAdded')),
    JobEnd: (event) => {
      const result = objectAt(event, 'Job Result', 'JobEnd') ?? {};
      this.#hasFailed = textAt(result, 'Result', 'Job Result') === 'JobFailed';
    },
    [LAST_EVENT]: (event) => {
      this.#endedMs = timeAt(event, LAST_EVENT);
      // Since Spark 4.0; before it, an app has failed if its last job has.
      const code = integerAt(event, 'ExitCode', LAST_EVENT);
      if (code !== undefined) this.#hasFailed = code !== 0;
    },
  };

  /** @throws SyntaxError if it is no JSON; MusterError MUSTER_OBJECT_INVALID if a field is not what it should be */
  line(text: string): void {
    if (!text.startsWith(PREFIX)) return;
    const name = text.slice(PREFIX.length, text.indexOf('"', PREFIX.length));
    if (Object.hasOwn(this.#events, name)) this.#events[name]?.(asObject(JSON.parse(text), 'event'));
  }

  /**
   * @returns undefined if the log has no end: the app runs still, or was killed, or the log was cut off
   * @throws MusterError MUSTER_OBJECT_INVALID if the number of executors cannot be read
   */
  run(): PastRun | undefined {
    const [startedMs, endedMs] = [this.#startedMs, this.#endedMs];
    if (startedMs === undefined || endedMs === undefined) return undefined;
    const needed = executorCount(this.#conf).min;
    const complete = this.#came[Math.min(needed, this.#came.length) - 1] ?? startedMs;
    const ended: EndedRun = {
      ranMs: Math.max(0, endedMs - Math.max(startedMs, complete)),
      how: this.#hasFailed ? 'failed' : 'succeeded',
    };
    const { label, annotation } = this.#said;
    const said = (key: string) => label.get(`muster.dev/${key}`) ?? annotation.get(`muster.dev/${key}`);
    return {
      ...present({
        namespace: this.#conf.get('spark.kubernetes.namespace'),
        queue: said('queue'),
        app: sparkAppOf(this.#app ?? '', label, annotation),
        user: said('user') ?? this.#user,
      }),
      members: 1 + needed,
      endedMs,
      ended,
    };
  }

  #read(event: Json): void {
    for (const [key, value] of propertiesOf(event)) {
      const [, kind, name = ''] = SAID.exec(key) ?? [];
      if (kind === 'label' || kind === 'annotation') this.#said[kind].set(name, value);
      else if (KEPT.test(key)) this.#conf.set(key, value);
    }
    // Executors of a driver that is the whole app are threads.
    const master = this.#conf.get('spark.master');
    if (master?.startsWith('local')) this.#conf.set('spark.kubernetes.driver.master', master);
  }
}

function timeAt(event: Json, where: string): number {
  const ms = integerAt(event, 'Timestamp', where);
  if (ms !== undefined && ms >= 0) return ms;
  throw new MusterError('MUSTER_OBJECT_INVALID', `${where}.Timestamp: expected a time in ms, got ${String(ms)}.`);
}

/** A map, or a list of pairs, as some tools write it. */
function propertiesOf(event: Json): readonly (readonly [string, string])[] {
  const key = 'Spark Properties';
  const pairs: readonly unknown[] = Array.isArray(own(event, key))
    ? listAt(event, key, 'EnvironmentUpdate')
    : Object.entries(objectAt(event, key, 'EnvironmentUpdate') ?? {});
  return pairs.flatMap((pair) => {
    const [name, value] = Array.isArray(pair) ? (pair as unknown[]) : [];
    return typeof name === 'string' && typeof value === 'string' ? [[name, value] as const] : [];
  });
}

type Told = Pick<PastRun, 'namespace' | 'queue' | 'app' | 'user'>;

/** Without what is undefined or empty. */
function present(told: { readonly [K in keyof Told]: Told[K] | undefined }): Told {
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined && value !== ''));
}
