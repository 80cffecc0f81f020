import type { ReplayOptions } from '../options.ts';
import type { ExtenderPort } from './port.ts';
import type { Reclaims } from './reclaims.ts';
import type { Recorder } from './recorder.ts';
import type { SchedulerProfile } from '../kube-scheduler/profile.ts';
import type { SchedulingQueue } from '../kube-scheduler/scheduling-queue.ts';
import type { SimPod } from './job-run.ts';
import type { WorkRules } from '../work-model.ts';
import type { CostBook } from './cost.ts';
import type { NodeRoom } from './node-room.ts';
import type { Timeline } from './timeline.ts';
import type { Truth } from './truth.ts';

/** The state that the parts of a simulation share. */
export interface World {
  readonly timeline: Timeline;
  readonly truth: Truth;
  readonly queue: SchedulingQueue<SimPod>;
  readonly profile: SchedulerProfile;
  readonly recorder: Recorder;
  readonly reclaims: Reclaims;
  readonly port: ExtenderPort;
  readonly nodeRoom: NodeRoom;
  readonly costs: CostBook;
  readonly options: ReplayOptions;
  readonly rules: WorkRules;
}
