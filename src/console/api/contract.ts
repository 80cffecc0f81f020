import type { z } from 'zod';
import type {
  AboutView,
  DecisionList,
  DecisionView,
  GangDetailView,
  GangRowList,
  GangRowView,
  NodeMapView,
  TickView,
  WaitKind,
} from '../../server/api/board-schemas.ts';
import type { CostView } from '../../server/api/cost-route.ts';
import type { QueueDetailView, QueueList, QueueSummaryView } from '../../server/api/queue-schemas.ts';
import type { ExplanationView, PolicyList } from '../../server/api/schemas.ts';

/** What the server answers, as types of its own schemas: nothing of the server gets into the page. */

export type About = z.output<typeof AboutView>;
export type Cost = z.output<typeof CostView>;
export type Decision = z.output<typeof DecisionView>;
export type Decisions = z.output<typeof DecisionList>;
export type Explanation = z.output<typeof ExplanationView>;
export type GangDetail = z.output<typeof GangDetailView>;
export type GangRow = z.output<typeof GangRowView>;
export type GangRows = z.output<typeof GangRowList>;
export type NodeMap = z.output<typeof NodeMapView>;
export type Phase = GangRow['phase'];
export type Policies = z.output<typeof PolicyList>;
export type Queue = z.output<typeof QueueSummaryView>;
export type QueueDetail = z.output<typeof QueueDetailView>;
export type Queues = z.output<typeof QueueList>;
export type Tick = z.output<typeof TickView>;
export type WaitKindName = z.output<typeof WaitKind>;
