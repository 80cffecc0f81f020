/** What a search for victims should find, worked out anew from docs/preemption.md. Shares no code with src. */

export interface OraclePod {
  readonly name: string;
  readonly node: number;
  readonly cpu: number;
  /** Eviction cost of the pod alone, in core-seconds. */
  readonly own: number;
  /** It has run for less than the minimum runtime. */
  readonly isYoung: boolean;
  /** Its index in OracleScene.gangs; -1: a single pod. */
  readonly gang: number;
  readonly level: number;
}

export interface OracleGang {
  readonly level: number;
  /** Without a leader's role: evicted whole, or down to its minimum. */
  readonly isSingleRole: boolean;
  /** Absent in a gang of one role. */
  readonly leader?: OraclePod;
  /** Without the leader. */
  readonly members: readonly OraclePod[];
  /** How many members it can do without. */
  readonly spare: number;
  readonly minCores: number;
  /** The work of the whole app, in core-seconds. */
  readonly appWork: number;
}

export interface OracleScene {
  readonly gangs: readonly OracleGang[];
  readonly singles: readonly OraclePod[];
  /** Cores by node. */
  readonly free: readonly number[];
  readonly wants: { readonly executors: number; readonly cpu: number; readonly driverCpu: number };
  readonly wholeGangs: boolean;
  readonly comeback: number;
  readonly brokenGang: number;
}

/** Victims: gangs that go whole, by index, and other pods. */
export interface Choice {
  readonly whole: ReadonlySet<number>;
  readonly pods: ReadonlySet<OraclePod>;
}

interface Loss {
  readonly coreSeconds: number;
  readonly victims: number;
}

/** Gangs that go whole by level; losses by level and need. */
interface Harm {
  readonly apps: ReadonlyMap<number, number>;
  readonly losses: ReadonlyMap<number, Loss>;
}

export type Difference = 'none' | 'less' | 'priority' | 'gangs' | 'cost';

const NOTHING: Loss = { coreSeconds: 0, victims: 0 };

export function podsOf({ gangs }: OracleScene, { whole, pods }: Choice): OraclePod[] {
  const ofGangs = [...whole].flatMap((g) => {
    const { leader, members } = gangs[g]!;
    return leader ? [leader, ...members] : members;
  });
  return [...ofGangs, ...pods];
}

export function fits(scene: OracleScene, choice: Choice): boolean {
  const room = [...scene.free];
  for (const { node, cpu } of podsOf(scene, choice)) room[node]! += cpu;
  return hasRoom(room, scene.wants);
}

function hasRoom(room: readonly number[], { executors, cpu, driverCpu }: OracleScene['wants']): boolean {
  const places = room.reduce((sum, cores) => sum + Math.floor(cores / cpu), 0);
  return room.some((cores) => {
    if (cores < driverCpu) return false;
    return places - Math.floor(cores / cpu) + Math.floor((cores - driverCpu) / cpu) >= executors;
  });
}

/** Whether the rules allow the choice. */
export function isAllowed({ gangs, wholeGangs }: OracleScene, { whole, pods }: Choice): boolean {
  if (whole.size > 0 && !wholeGangs) return false;
  for (const g of whole) if ((gangs[g]!.leader ?? gangs[g]!.members[0])?.isYoung) return false;
  for (const { gang, isYoung } of pods) if (gang < 0 && isYoung) return false;
  return gangs.every(({ isSingleRole, spare, members }) => {
    const going = members.filter((one) => pods.has(one));
    if (isSingleRole && going.length > spare) return false;
    return going.filter(({ isYoung }) => isYoung).length <= spare;
  });
}

const tierOf = (level: number, isNeeded: boolean) => level * 2 + (isNeeded ? 1 : 0);

export function harmOf(scene: OracleScene, { whole, pods }: Choice): Harm {
  const { gangs, comeback, brokenGang } = scene;
  const apps = new Map<number, number>();
  const losses = new Map<number, Loss>();
  const lose = (tier: number, more: number, victims: number) => {
    const { coreSeconds, victims: before } = losses.get(tier) ?? NOTHING;
    losses.set(tier, { coreSeconds: coreSeconds + more, victims: before + victims });
  };
  for (const { gang, level, own, cpu } of pods)
    if (gang < 0) lose(tierOf(level, true), own + cpu * (comeback + brokenGang), 1);
  gangs.forEach(({ level, leader, members, spare, minCores, appWork }, g) => {
    const going = whole.has(g) ? [...members] : members.filter((one) => pods.has(one));
    going.sort((a, b) => a.own - b.own);
    going.forEach(({ own, cpu }, i) => lose(tierOf(level, i >= spare), i < spare ? own : own + cpu * comeback, 1));
    if (going.length > spare || whole.has(g)) lose(tierOf(level, true), brokenGang * minCores, 0);
    if (!whole.has(g)) return;
    apps.set(level, (apps.get(level) ?? 0) + 1);
    const ofMembers = going.reduce((sum, { own }) => sum + own, 0);
    lose(tierOf(level, true), Math.max(0, appWork - ofMembers), 0);
    if (leader) lose(tierOf(level, true), leader.own + leader.cpu * comeback, 1);
  });
  return { apps, losses };
}

export const totalOf = ({ losses }: Harm) => [...losses.values()].reduce((sum, one) => sum + one.coreSeconds, 0);

/**
 * What tells the two apart first. `priority`: `a` takes a gang, or a pod, of a priority of which `b` takes none; `gangs`:
 * it takes more whole gangs of one priority; `cost`: more core-seconds, or pods, of one priority.
 */
export function compare(a: Harm, b: Harm): Difference {
  for (const level of keysOf(a.apps, b.apps)) {
    const [x, y] = [a.apps.get(level) ?? 0, b.apps.get(level) ?? 0];
    if (x !== y) return x < y ? 'less' : y === 0 ? 'priority' : 'gangs';
  }
  for (const tier of keysOf(a.losses, b.losses)) {
    const [x, y] = [a.losses.get(tier) ?? NOTHING, b.losses.get(tier) ?? NOTHING];
    const isEqual = Math.abs(x.coreSeconds - y.coreSeconds) <= 1e-6 * Math.max(1, x.coreSeconds, y.coreSeconds);
    const difference = isEqual ? x.victims - y.victims : x.coreSeconds - y.coreSeconds;
    if (difference !== 0) return difference < 0 ? 'less' : y.victims === 0 ? 'priority' : 'cost';
  }
  return 'none';
}

function keysOf(a: ReadonlyMap<number, unknown>, b: ReadonlyMap<number, unknown>): number[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => y - x);
}

/** What may be decided on by itself. */
type Unit = { readonly gang: number } | { readonly pod: OraclePod };

function unitsOf({ gangs, singles, wholeGangs }: OracleScene): Unit[] {
  const whole = gangs.map((_, gang) => ({ gang }));
  whole.sort((a, b) => gangs[b.gang]!.level - gangs[a.gang]!.level);
  const pods = [...gangs.flatMap(({ members }) => members), ...singles];
  pods.sort((a, b) => b.level - a.level || b.own - a.own);
  return [...(wholeGangs ? whole : []), ...pods.map((pod) => ({ pod }))];
}

export const candidatesIn = (scene: OracleScene): number => unitsOf(scene).length;

/**
 * The choice with the least harm, if it does less than `than`: branch and bound over every set of gangs and pods. A
 * larger set never does less harm, so that a set that already does as much as the best one is not extended.
 */
export function leastHarm(scene: OracleScene, than?: Harm): Choice | undefined {
  const units = unitsOf(scene);
  const whole = new Set<number>();
  const pods = new Set<OraclePod>();
  const room = [...scene.free];
  const give = ({ node, cpu }: OraclePod, sign: 1 | -1) => (room[node]! += sign * cpu);
  for (const one of podsOf(scene, { whole: new Set(scene.gangs.keys()), pods: new Set(scene.singles) }))
    if (scene.wholeGangs || !scene.gangs.some(({ leader }) => leader === one)) give(one, 1);
  let bound = than;
  let best: Choice | undefined;
  const isWorth = () =>
    isAllowed(scene, { whole, pods }) && (!bound || compare(harmOf(scene, { whole, pods }), bound) === 'less');
  // `room`: as if all that is chosen or not decided on were gone.
  const decide = (i: number): void => {
    if (!hasRoom(room, scene.wants)) return;
    const unit = units[i];
    if (!unit) {
      if (!isWorth()) return;
      best = { whole: new Set(whole), pods: new Set(pods) };
      bound = harmOf(scene, best);
    } else if ('pod' in unit) {
      const { pod } = unit;
      if (whole.has(pod.gang)) return decide(i + 1);
      give(pod, -1);
      decide(i + 1);
      give(pod, 1);
      pods.add(pod);
      if (isWorth()) decide(i + 1);
      pods.delete(pod);
    } else {
      const { leader } = scene.gangs[unit.gang]!;
      if (leader) give(leader, -1);
      decide(i + 1);
      if (leader) give(leader, 1);
      whole.add(unit.gang);
      if (isWorth()) decide(i + 1);
      whole.delete(unit.gang);
    }
  };
  decide(0);
  return best;
}

/** The same by trying every set one after the other: for few candidates. */
export function leastHarmOfAll(scene: OracleScene): Choice | undefined {
  const units = unitsOf(scene);
  let best: Choice | undefined;
  for (let bits = 0; bits < 2 ** units.length; bits++) {
    const chosen = units.filter((_, i) => (bits >> i) & 1);
    const whole = new Set(chosen.flatMap((unit) => ('gang' in unit ? [unit.gang] : [])));
    const pods = new Set(chosen.flatMap((unit) => ('pod' in unit && !whole.has(unit.pod.gang) ? [unit.pod] : [])));
    const choice = { whole, pods };
    if (!isAllowed(scene, choice) || !fits(scene, choice)) continue;
    if (!best || compare(harmOf(scene, choice), harmOf(scene, best)) === 'less') best = choice;
  }
  return best;
}

/** What could stay though the choice without it is allowed and enough: a pod, a gang, or the rest of a gang. */
export function whatCouldStay(scene: OracleScene, { whole, pods }: Choice): string | undefined {
  const isEnough = (choice: Choice) => isAllowed(scene, choice) && fits(scene, choice);
  for (const pod of pods) {
    const without = new Set(pods);
    without.delete(pod);
    if (isEnough({ whole, pods: without })) return `pod ${pod.name}`;
  }
  for (const g of whole) {
    const others = new Set(whole);
    others.delete(g);
    const { members } = scene.gangs[g]!;
    for (let bits = 0; bits < 2 ** members.length; bits++) {
      const still = members.filter((_, i) => (bits >> i) & 1);
      if (isEnough({ whole: others, pods: new Set([...pods, ...still]) })) return `gang ${g} but for ${still.length}`;
    }
  }
  return undefined;
}
