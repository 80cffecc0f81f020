/** The pages that the header leads to, and the key after `g` that leads there as well. */
export const PAGES = [
  { page: 'waiting', title: 'Gangs', key: 'w' },
  { page: 'queues', title: 'Queues', key: 'q' },
  { page: 'nodes', title: 'Nodes', key: 'n' },
  { page: 'live', title: 'Live', key: 'l' },
  { page: 'policies', title: 'Policies', key: 'p' },
  { page: 'api', title: 'API', key: 'a' },
] as const;
