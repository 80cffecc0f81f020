import { readFileSync, statSync } from 'node:fs';
import { MusterError } from '../core/errors.ts';
import { PRESETS } from '../core/policy/presets.ts';
import type { Policy } from '../core/policy/policy.ts';
import { parsePolicies } from '../intake/policy-file.ts';

/** How often a policy file is looked at. ConfigMap mounts change by swapping a link, which file events miss. */
const POLL_MS = 2000;

/**
 * The policies of a file or a preset.
 * @throws MusterError MUSTER_POLICY_INVALID, MUSTER_FILE_UNREADABLE
 */
export function readPolicies(source: string): readonly Policy[] {
  const preset = PRESETS.get(source);
  if (preset) return preset;
  return parsePolicies(readText(source), source);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const presets = [...PRESETS.keys()].join(', ');
    throw new MusterError(
      'MUSTER_FILE_UNREADABLE',
      `Policy ${file}: ${(error as Error).message}; presets: ${presets}.`,
      { cause: error },
    );
  }
}

export interface PolicyWatcher {
  readonly onPolicies: (policies: readonly Policy[]) => void;
  /** The new file is broken; what was in force goes on. Told once per broken content. */
  readonly onProblem: (error: MusterError) => void;
  readonly pollMs?: number;
}

/** Reads a policy file again whenever its content changes. @returns how to stop; a preset needs no watching */
export function watchPolicies(source: string, { onPolicies, onProblem, pollMs = POLL_MS }: PolicyWatcher): () => void {
  if (PRESETS.has(source)) return () => undefined;
  let known: string | undefined = readText(source);
  let stamp = stampOf(source);
  const look = () => {
    const now = stampOf(source);
    if (now === stamp) return;
    stamp = now;
    try {
      const before = known;
      // A file that is back after a while is told of even where it is the same: the problem is over.
      known = undefined;
      const text = (known = readText(source));
      if (text !== before) onPolicies(parsePolicies(text, source));
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      onProblem(error);
    }
  };
  const timer = setInterval(look, pollMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Changes when the file may have: inode, size, times; or that it is not there. */
function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : 'gone';
}
