import { gangHref } from '../state/address.ts';

interface GangLinkProps {
  /** namespace/name */
  readonly gang: string;
  readonly isHidden?: boolean | undefined;
  /** Within a grid the arrow keys and Enter lead there. */
  readonly isInGrid?: boolean;
}

/** A gang by name, leading to its page. The namespace is paler. */
export function GangLink({ gang, isHidden = false, isInGrid = false }: GangLinkProps) {
  if (isHidden || gang === '(hidden)')
    return (
      <span class="hidden-name" title="You may not see the namespace of this gang.">
        hidden
      </span>
    );
  const at = gang.indexOf('/');
  return (
    <a class="gang" href={gangHref(gang)} title={gang} {...(isInGrid ? { tabIndex: -1 } : {})}>
      <span class="gang-namespace">{gang.slice(0, at + 1)}</span>
      <wbr />
      <span class="gang-name">{gang.slice(at + 1)}</span>
    </a>
  );
}
