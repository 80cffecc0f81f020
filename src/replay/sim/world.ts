import type { ReplayOptions } from '../options.ts';
import type { ExtenderPort } from './port.ts';
import type { Recorder } from './recorder.ts';
import type { SchedulingQueue } from './scheduling-queue.ts';
import type { Timeline } from './timeline.ts';
import type { Truth } from './truth.ts';

/** The state that the parts of a simulation share. */
export interface World {
  readonly timeline: Timeline;
  readonly truth: Truth;
  readonly queue: SchedulingQueue;
  readonly recorder: Recorder;
  readonly port: ExtenderPort;
  readonly options: ReplayOptions;
}
