import type { Progress } from '../replay/sim/simulation.ts';

const EVERY_MS = { terminal: 200, plain: 5000 } as const;
const WIDTH = 30;

/** Shows progress on stderr: a bar on a terminal, elsewhere a line every few seconds. */
export function progressOn(stream: NodeJS.WriteStream): {
  readonly show: (progress: Progress) => void;
  readonly clear: () => void;
} {
  let shownMs = -Infinity;
  const everyMs = stream.isTTY ? EVERY_MS.terminal : EVERY_MS.plain;
  return {
    show({ policy, ended, jobs, simulatedMs }) {
      const nowMs = performance.now();
      if (nowMs - shownMs < everyMs) return;
      shownMs = nowMs;
      const share = jobs === 0 ? 1 : ended / jobs;
      const facts = `${policy}: ${ended} of ${jobs} jobs ended, day ${(simulatedMs / 86_400_000).toFixed(2)}`;
      if (!stream.isTTY) stream.write(`${facts}\n`);
      else stream.write(`\r\u001b[K[${'#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.')}] ${facts}`);
    },
    clear() {
      if (stream.isTTY) stream.write('\r\u001b[K');
    },
  };
}
