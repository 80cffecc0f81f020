import { COMMIT, VERSION } from '../version.ts';

/** `0.1.0 (1a2b3c4)`; without a commit where the build named none. */
export const versionText = COMMIT === '' ? VERSION : `${VERSION} (${COMMIT.slice(0, 12)})`;
