/** By what `muster nodes` sorts. */
export const NODE_SORTS = ['name', 'nodes', 'used', 'reserved', 'free', 'stranded'] as const;
