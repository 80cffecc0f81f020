import { readFileSync, statSync } from 'node:fs';
import { MusterError } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import { PRESETS } from '../core/policy/presets.ts';
import type { Rules } from '../core/policy/rules.ts';
import { inspectRules, parseRules, type InspectedRules } from '../intake/policy-file.ts';

/** How often a policy file is polled. ConfigMap mounts change by swapping a link, which file events miss. */
const POLL_MS = 2000;

/**
 * The policies of a file or a preset.
 * @throws MusterError MUSTER_POLICY_INVALID, MUSTER_FILE_UNREADABLE
 */
export const readRules = (source: string): Rules => inspectSource(source).rules;

/** As `readRules`, with the warnings of a file. */
export function inspectSource(source: string): InspectedRules {
  const preset = PRESETS.get(source);
  return preset ? { rules: preset, warnings: [] } : inspectRules(readText(source), source);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const presets = [...PRESETS.keys()];
    const near = nearestOf(file, presets);
    const did = near === undefined ? '' : `; did you mean ${near}?`;
    throw new MusterError(
      'MUSTER_FILE_UNREADABLE',
      `Policy ${file}: ${(error as Error).message}; presets: ${presets.join(', ')}${did || '.'}`,
      { cause: error },
    );
  }
}

export interface PolicyWatcher {
  readonly onRules: (rules: Rules) => void;
  /** Called once per broken content; the old policies stay in force. */
  readonly onProblem: (error: MusterError) => void;
  readonly pollMs?: number;
}

/** Reloads a policy file whenever its content changes; a preset never does. @returns a function that stops the watch */
export function watchPolicies(source: string, { onRules, onProblem, pollMs = POLL_MS }: PolicyWatcher): () => void {
  if (PRESETS.has(source)) return () => undefined;
  let known: string | undefined = readText(source);
  let stamp = stampOf(source);
  const poll = () => {
    const now = stampOf(source);
    if (now === stamp) return;
    stamp = now;
    try {
      const before = known;
      // A file that comes back unchanged counts as changed, so that the caller learns that the problem is over.
      known = undefined;
      const text = (known = readText(source));
      if (text !== before) onRules(parseRules(text, source));
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      onProblem(error);
    }
  };
  const timer = setInterval(poll, pollMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Changes whenever the file may have changed: inode, size and times, or its absence. */
function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : 'gone';
}
