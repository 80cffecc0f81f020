import { createInterface } from 'node:readline/promises';
import { MODES, type Mode } from './choice.ts';
import type { Facts } from './facts.ts';
import { USUAL_IMAGE, type InstallFlags } from './flags.ts';

/** A terminal to ask on: answers come from `input`, questions go to `output`, since standard output has the manifests. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

type Answers = { -readonly [Flag in keyof InstallFlags]: InstallFlags[Flag] };

const WHICH: Readonly<Record<Mode, string>> = {
  dedicated: 'a kube-scheduler of its own, in the same pod; to begin with, and on managed control planes',
  main: "the cluster's own kube-scheduler; needs access to the control-plane hosts",
  'service-mtls': 'a kube-scheduler in another pod or outside of the cluster; needs cert-manager',
};

/**
 * Asks for what no flag says. An empty answer takes what stands in brackets, and so does the end of the input.
 * @returns the flags with the answers
 */
export async function ask(flags: InstallFlags, facts: Facts | undefined, terminal: Terminal): Promise<InstallFlags> {
  const answers: Answers = { ...flags };
  const lines = createInterface({ ...terminal, terminal: false });
  const read = reader(lines, terminal.output);
  try {
    if (answers.mode === undefined) {
      for (const mode of MODES) terminal.output.write(`  ${mode.padEnd(13)} ${WHICH[mode]}\n`);
      answers.mode = await read('Which kube-scheduler asks muster?', 'dedicated', modeOf);
    }
    if (answers.image === undefined && answers.mode !== 'main')
      answers.image = await read('Which image?', USUAL_IMAGE, (text) => text);
    if (answers.webhook === undefined && answers.mode !== 'main')
      answers.webhook = await read('The webhook, with which users need no setting?', 'no', yesOf);
    if (answers.alerts === undefined && answers.serviceMonitor === undefined) {
      const watched = await read(
        'Metrics and alerts for the Prometheus operator?',
        facts?.hasPrometheusOperator ? 'yes' : 'no',
        yesOf,
      );
      answers.alerts = watched;
      answers.serviceMonitor = watched && answers.mode !== 'main';
    }
    return answers;
  } finally {
    lines.close();
  }
}

const modeOf = (text: string) => MODES.find((mode) => mode === text);
const yesOf = (text: string) => (/^y(es)?$/i.test(text) ? true : /^no?$/i.test(text) ? false : undefined);

/** Asks until the answer can be read. */
function reader(lines: ReturnType<typeof createInterface>, output: NodeJS.WritableStream) {
  const answers = lines[Symbol.asyncIterator]();
  return async <T>(question: string, usual: string, parse: (text: string) => T | undefined): Promise<T> => {
    for (;;) {
      output.write(`${question} [${usual}] `);
      const { value, done } = (await answers.next()) as { value?: string; done?: boolean };
      const parsed = parse(done ? usual : value?.trim() || usual);
      if (parsed !== undefined) return parsed;
    }
  };
}
