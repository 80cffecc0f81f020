import type { ExplanationContext } from '../explanation/context.ts';
import type { Policy } from '../policy/policy.ts';

/** Read-only view of what lists and maps show. */
export interface BoardContext extends ExplanationContext {
  readonly policies: readonly Policy[];
}

/** Why no gang is admitted now, whichever it is; undefined: gangs are. */
export function blockedOf({
  isSynced,
  hold,
  isFollowing,
}: Pick<BoardContext, 'isSynced' | 'hold' | 'isFollowing'>): string | undefined {
  if (!isSynced) return 'the cluster has not been read yet';
  return hold ?? (isFollowing ? 'another replica decides' : undefined);
}
