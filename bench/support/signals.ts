/** Lets Ctrl-C and a time limit end the programs that this one has started, which a signal alone would leave behind. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
}
