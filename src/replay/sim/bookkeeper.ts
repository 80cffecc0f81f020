import { DEFAULT_POLICY } from '../../core/policy/policy.ts';
import { NO_ROOM, type Loss } from './job-history.ts';
import type { JobRun, SimPod } from './job-run.ts';
import { phaseOf, reasonOf, speedNow, splitOf } from './job-state.ts';
import type { World } from './world.ts';

/** Of its work, a lost worker takes at most what it did in this time with it: workCapSeconds of the eviction cost. */
const WORK_CAP_MS = DEFAULT_POLICY.preemption.cost.workCapSeconds * 1000;
const ROUNDING_MS = 1e-6;

/** Keeps what follows from the pods of a run: its speed and its planned end, its phase, and what its room is good for. */
export class Bookkeeper {
  /** Called when the work of a run is done. */
  onDone: (run: JobRun) => void = () => undefined;
  readonly #world: Pick<World, 'timeline' | 'recorder' | 'rules'>;

  constructor(world: Pick<World, 'timeline' | 'recorder' | 'rules'>) {
    this.#world = world;
  }

  /** Call after each change of the run's pods. */
  settle(run: JobRun): void {
    const { recorder, rules } = this.#world;
    const { progress, history } = run;
    const [before, speed] = [progress.speed, speedNow(run, rules)];
    progress.setSpeed(this.#now(), speed, run.runningWorkers);
    if (speed > 0 && !run.hasBegun) {
      run.hasBegun = true;
      history.beganMs ??= this.#now();
    }
    this.#planEnd(run);
    this.#countWorking(before, speed);
    const phase = phaseOf(run, rules);
    history.phases.enter(this.#now(), phase, reasonOf(phase, run));
    recorder.setRoom(this.#now(), history, splitOf(phase, run));
    history.setRates(this.#now(), splitOf(phase, { boundCpu: run.boundRate, runningCpu: run.runningRate }));
  }

  /** Call when the run is over, in whatever way. */
  close({ progress, history, end }: JobRun): void {
    const { timeline, recorder } = this.#world;
    const { speed } = progress;
    progress.setSpeed(this.#now(), 0, 0);
    if (end) timeline.cancel(end);
    this.#countWorking(speed, 0);
    recorder.setRoom(this.#now(), history, NO_ROOM);
    history.setRates(this.#now(), NO_ROOM);
  }

  /**
   * The work that the job loses with the pod: a worker takes its share with it, a leader all of it. No job of a trace
   * keeps its output where it outlives a worker (`keptOn` of the eviction cost).
   */
  lose(pod: SimPod, cause: Loss): void {
    const { progress, history } = pod.job;
    progress.advance(this.#now());
    const ranMs = this.#now() - pod.runningSinceMs;
    const shareMs = (progress.shareMs - pod.shareFromMs) * Math.min(1, WORK_CAP_MS / Math.max(1, ranMs));
    history.lostMs[cause] += progress.lose(pod.isLeader ? Infinity : pod.state === 'running' ? shareMs : 0);
  }

  #countWorking(before: number, speed: number): void {
    const change = Number(speed > 0) - Number(before > 0);
    if (change === 0) return;
    const { levels } = this.#world.recorder;
    levels.workingJobs.add(this.#now(), change);
    levels.waitingJobs.add(this.#now(), -change);
  }

  #planEnd(run: JobRun): void {
    const { timeline } = this.#world;
    // Events have whole ms; what sums of fractions leave over is no time.
    const endMs = this.#now() + Math.ceil(run.progress.leftMs() - ROUNDING_MS);
    if (run.end?.atMs === endMs) return;
    if (run.end) timeline.cancel(run.end);
    run.end = endMs === Infinity ? undefined : timeline.at(endMs, () => this.onDone(run));
  }

  #now(): number {
    return this.#world.timeline.nowMs;
  }
}
