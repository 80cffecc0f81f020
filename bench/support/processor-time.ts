import { readFileSync } from 'node:fs';

/** USER_HZ: 100 on every Linux. */
const TICK_MS = 10;

/** Processor time of a process, user and system, over all threads, in ms; 0 without a process or without Linux. */
export function cpuMsOf(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0;
  // The name, in brackets, may contain spaces; utime and stime are the 12th and 13th field after it (proc(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
