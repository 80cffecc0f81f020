import type { Policy } from '../../src/core/policy/policy.ts';
import { parseRules } from '../../src/intake/policy-file.ts';

/** The policies of a file, without what it says of queues. */
export const parsePolicies = (text: string, fileName: string): readonly Policy[] => parseRules(text, fileName).policies;
