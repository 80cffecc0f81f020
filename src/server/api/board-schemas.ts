import { z } from 'zod';
import { WAIT_KINDS } from '../../core/explanation/wait-kind.ts';
import { SnapshotView } from './schemas.ts';

/**
 * What people look at: the list of gangs in the order in which they start, the map of nodes, decisions, and the stream
 * that tells when they changed. The console and the commands of the terminal read the same answers.
 */

/** What kind of thing a waiting gang waits for. */
export const WaitKind = z
  .enum(WAIT_KINDS)
  .describe(
    'room: too little is free. unschedulable: even the empty cluster could not hold it. turn: another gang goes first. start-time: it would delay a gang that has a start time. quota: a limit of its queue, user or namespace. rate: a rate holds it up. members: members that must exist do not yet. evictions: its room is being freed. declaration: its declaration is wrong or not there yet. not-asked: kube-scheduler has not asked about it yet. hold: muster admits no gang now.',
  )
  .meta({ id: 'WaitKind' });

const Time = z.iso.datetime().optional();

/** One gang of the list. */
export const GangRowView = z
  .strictObject({
    gang: z.string().describe('namespace/name; hidden where the reader may not see the namespace.'),
    isHidden: z.boolean().optional().describe('The reader may not see its namespace: names are left out.'),
    phase: z.enum(['waiting', 'starting', 'running', 'degraded']),
    queue: z.string(),
    user: z.string(),
    priority: z.int(),
    policy: z.string(),
    leader: z.string().describe('Name of the leader pod.'),
    members: z.int().describe('How many members it needs to start.'),
    bound: z.int().describe('How many pods of it are bound, elastic members included.'),
    since: z.iso.datetime().describe('Since when it waits, or waited: when its leader was created.'),
    position: z
      .int()
      .optional()
      .describe('Of a waiting gang: its place in the order in which gangs are admitted; 1 is the next.'),
    waitsFor: WaitKind.optional(),
    reason: z.string().optional().describe('Why it waits, as answered to kube-scheduler.'),
    lacks: z
      .string()
      .optional()
      .describe(
        'Of a gang that waits for room: which role does not fit, and for how many of its members there was room at most when it was last asked about.',
      ),
    startsAbout: Time.describe(
      'When it starts if the forecasts hold; absent: nobody knows, or it has not been worked out.',
    ),
    isStartSought: z.boolean().optional().describe('When it starts is being worked out.'),
    startsLatest: Time.describe('Nine times of ten it starts by then if the forecasts hold.'),
    reserved: Time.describe('When its places were reserved, as far as this muster saw it.'),
    complete: Time.describe('When the last member that it needs was bound, as far as this muster saw it.'),
    endsAbout: Time.describe('Of an admitted gang: when it ends if its forecast holds.'),
  })
  .meta({ id: 'GangRow' });

export const GANG_SORTS = ['position', 'since', 'gang', 'priority', 'members', 'queue'] as const;

export const GangRowList = z
  .strictObject({
    snapshot: SnapshotView.optional(),
    version: z.int().describe('Grows when the list changes.'),
    total: z.int().describe('Number of matching gangs; offset and limit choose among them.'),
    waiting: z.int().describe('Of total: gangs that wait.'),
    items: z.array(GangRowView),
  })
  .meta({ id: 'GangRowList' });

/** GET /v1/board/gangs */
export const GangRowQuery = z.strictObject({
  namespace: z.string().optional(),
  queue: z.string().optional().describe('This queue and those below it.'),
  phase: z.enum(['waiting', 'starting', 'running', 'degraded']).optional(),
  user: z.string().optional(),
  waitsFor: WaitKind.optional(),
  search: z.string().max(256).optional().describe('Part of the name of the gang, its leader, queue or user.'),
  sort: z
    .enum(GANG_SORTS)
    .default('position')
    .describe('position: waiting gangs in order, then the others, oldest first.'),
  order: z.enum(['asc', 'desc']).default('asc'),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
});

/**
 * GET /v1/board/nodes: the map of all nodes, by columns, so that 15,000 of them take little. `usage` has one entry a node
 * and resource: bytes, base64, node by node; each 0 to 200, in half per cent of what the node has.
 */
export const NodeMapView = z
  .strictObject({
    snapshot: SnapshotView.optional(),
    version: z.int(),
    namesVersion: z.int().describe('Grows when nodes, their names or their labels change.'),
    resources: z.array(z.string()).describe('The resources that the map has, the most common first, at most eight.'),
    groups: z
      .array(z.strictObject({ key: z.string().describe('A topology label.'), values: z.array(z.string()) }))
      .describe('Labels by which nodes can be grouped: zone, rack, pool and their like.'),
    names: z.array(z.string()).optional().describe('Absent where the reader has them: known=namesVersion.'),
    groupOf: z
      .array(z.array(z.int()))
      .optional()
      .describe(
        'One list a group, one index into its values a node; -1: the node lacks the label. Absent as names is.',
      ),
    unschedulable: z.array(z.int()).describe('Indexes of nodes that are cordoned.'),
    used: z.record(z.string(), z.string()).describe('By resource: what bound pods take.'),
    reserved: z.record(z.string(), z.string()).describe('By resource: what is held for members that are not bound.'),
    stranded: z
      .record(z.string(), z.string())
      .describe('By resource: what is free, but of no use, because the node lacks another resource.'),
  })
  .meta({ id: 'NodeMap' });
export const NodeMapQuery = z.strictObject({ known: z.coerce.number().int().optional() });

/** GET /v1/board/gangs/NAMESPACE/NAME: where its members are and what befell it; cheap, without an explanation. */
export const GangDetailView = GangRowView.extend({
  snapshot: SnapshotView.optional(),
  places: z.array(
    z.strictObject({
      role: z.string(),
      node: z.string(),
      state: z.enum(['unplaced', 'reserved', 'assumed', 'bound', 'elastic']),
      pod: z.string().describe('Name of the pod; empty while none has come.'),
    }),
  ),
  ended: Time.describe('When it was over; all else is then as it was last seen, for as long as muster remembers it.'),
  timeline: z
    .array(z.strictObject({ at: z.iso.datetime(), what: z.string(), text: z.string() }))
    .describe(
      'What befell it, the oldest first, as far as this muster saw it: submitted, asked, reserved, bound, running and others.',
    ),
}).meta({ id: 'GangDetail' });

/** GET /v1/decisions, and event `decisions` of the stream. */
export const DecisionView = z
  .strictObject({
    id: z.int().describe('Grows by one with each decision; a replica begins beyond those of the one before.'),
    at: z.iso.datetime(),
    kind: z.string().describe('Such as gang-admitted, gang-waits, eviction-planned.'),
    gang: z.string(),
    text: z.string().describe('One sentence.'),
  })
  .meta({ id: 'Decision' });
export const DecisionList = z
  .strictObject({ items: z.array(DecisionView).describe('The newest first.') })
  .meta({ id: 'DecisionList' });
export const DecisionQuery = z.strictObject({
  gang: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(2000).default(100),
});

/** Event `tick` of GET /v1/stream, at most once a second: what to read again. */
export const TickView = z
  .strictObject({
    at: z.iso.datetime(),
    gangs: z.int().describe('Version of the list of gangs.'),
    nodes: z.int().describe('Version of the map of nodes.'),
    queues: z.int().describe('Version of the queues.'),
    policies: z.int().describe('Version of the policies in force.'),
    counts: z.strictObject({
      nodes: z.int(),
      waiting: z.int(),
      starting: z.int(),
      running: z.int(),
      degraded: z.int(),
    }),
    snapshot: SnapshotView.optional(),
  })
  .meta({ id: 'Tick' });

/** GET /v1/about: what the console needs before it can ask anything; open to everybody who may connect. */
export const AboutView = z
  .strictObject({
    version: z.string(),
    access: z.enum(['open', 'token']).describe('token: ask with an Authorization header, Bearer.'),
    cluster: z.string().describe('What is served: a live cluster, files, or the demo.'),
    sees: z
      .enum(['all', 'some', 'nothing'])
      .describe('What the asker may see: everything, some namespaces, or nothing.'),
    isDeciding: z.boolean().describe('Whether this replica decides; the other follows.'),
  })
  .meta({ id: 'About' });
