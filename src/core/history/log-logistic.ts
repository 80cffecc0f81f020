/**
 * The quantile of a log-logistic distribution under the condition that a run took longer than `ranMs`, in ms from its
 * start. It has a closed form, unlike that of the log-normal distribution, and run times are known to be of such a shape.
 */
export function logLogisticQuantile({ medianMs, power }: LogLogistic, share: number, ranMs: number): number {
  // Scaled so that no power overflows.
  const most = Math.max(medianMs, ranMs, 1);
  const odds = (share * (medianMs / most) ** power + (ranMs / most) ** power) / (1 - share);
  return most * odds ** (1 / power);
}

export interface LogLogistic {
  readonly medianMs: number;
  /** The larger, the narrower: nine of ten are below the median x 9 ** (1 / power). */
  readonly power: number;
}

/** The distribution of which nine of ten are below `p90Ms`. */
export const logLogistic = (medianMs: number, p90Ms: number): LogLogistic => ({
  medianMs,
  power: Math.log(9) / Math.log(p90Ms / medianMs),
});
