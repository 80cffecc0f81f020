/** An operation to time: only `run` is timed, not `before` and `after`. */
export interface Timed {
  readonly before?: (i: number) => void;
  readonly run: (i: number) => unknown;
  readonly after?: (i: number) => void;
}

/** Times `samples` runs after `warmUp` others. @returns µs of each */
export function timesOf({ before, run, after }: Timed, samples: number, warmUp = samples): number[] {
  const times: number[] = [];
  for (let i = 0; i < warmUp + samples; i++) {
    before?.(i);
    const from = performance.now();
    run(i);
    const took = performance.now() - from;
    after?.(i);
    if (i >= warmUp) times.push(took * 1000);
  }
  return times;
}
