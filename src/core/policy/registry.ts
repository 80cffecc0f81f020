import type { ScorerName } from './policy.ts';
import type { Scorer } from './scorer.ts';
import { balance } from './scorers/balance.ts';
import { binPacking } from './scorers/bin-packing.ts';
import { fragmentation } from './scorers/fragmentation.ts';
import { imageLocality } from './scorers/image-locality.ts';
import { leaderSpread } from './scorers/leader-spread.ts';
import { nodeLabel } from './scorers/node-label.ts';
import { nodePool } from './scorers/node-pool.ts';
import { spot } from './scorers/spot.ts';
import { spreading } from './scorers/spreading.ts';
import { topology } from './scorers/topology.ts';

/** Every scorer by its name in policy files; CONTRIBUTING.md says how to add one. */
export const scorers = {
  binPacking,
  spreading,
  balance,
  fragmentation,
  topology,
  nodePool,
  spot,
  imageLocality,
  leaderSpread,
  nodeLabel,
} as const satisfies Record<ScorerName, Scorer>;
