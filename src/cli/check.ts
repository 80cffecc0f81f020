import { MusterError } from '../core/errors.ts';
import { readRules } from '../server/policy-source.ts';

/** Checks every policy file, even after a wrong one. @returns the exit code */
export function checkCommand(files: readonly string[]): number {
  let wrong = 0;
  for (const file of files) {
    try {
      const names = readRules(file).policies.map(({ name }) => name);
      process.stdout.write(`${file}: ok: ${names.join(', ')}\n`);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      wrong++;
      process.stderr.write(`muster: ${error.message}\n`);
    }
  }
  return wrong === 0 ? 0 : 1;
}
