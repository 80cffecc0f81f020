/** Reads once for all metrics of a scrape: these are collected before anything else runs. */
export function oncePerScrape<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    if (!known) setImmediate(() => (known = undefined));
    return (known ??= { value: read() }).value;
  };
}
