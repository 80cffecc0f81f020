import { amountText } from '../../text/amount.ts';
import type { BarFigures } from './amounts.ts';

interface BarProps {
  readonly figures: BarFigures;
  readonly full: number;
  readonly resource: string;
}

/** Held as a bar, demand as a thin line behind it, and marks for what the queue is guaranteed, entitled to and limited to. */
export function Bar({ figures, full, resource }: BarProps) {
  const part = (amount: number) => `${full > 0 ? Math.min(100, Math.max(0, (amount / full) * 100)) : 0}%`;
  const { bound, held, demand, guaranteed, entitled, max } = figures;
  return (
    <div class="bar" role="img" aria-label={barText(figures, resource)} title={barText(figures, resource)}>
      <span class="bar-demand" style={{ width: part(demand) }} />
      <span class="bar-held" style={{ width: part(held) }} />
      <span class="bar-bound" style={{ width: part(bound) }} />
      {held > entitled * 1.001 && (
        <span class="bar-over" style={{ left: part(entitled), width: part(held - entitled) }} />
      )}
      {guaranteed > 0 && <span class="mark mark-guaranteed" style={{ left: part(guaranteed) }} />}
      {entitled > 0 && <span class="mark mark-entitled" style={{ left: part(entitled) }} />}
      {max !== undefined && max <= full && <span class="mark mark-max" style={{ left: part(max) }} />}
    </div>
  );
}

function barText({ held, leaving, demand, guaranteed, entitled, max }: BarFigures, resource: string): string {
  const text = (amount: number) => amountText(resource, amount);
  const away = leaving > 0 ? ` (${text(leaving)} is being evicted)` : '';
  const most = max === undefined ? 'no max' : `max ${text(max)}`;
  return `held ${text(held)}${away}, demand ${text(demand)}, entitled ${text(entitled)}, guaranteed ${text(guaranteed)}, ${most}`;
}

const KEYS = [
  ['bar-bound', 'bound'],
  ['bar-held', 'reserved'],
  ['bar-over', 'beyond its entitlement'],
  ['bar-demand', 'demand'],
  ['mark mark-guaranteed', 'guaranteed'],
  ['mark mark-entitled', 'entitled'],
  ['mark mark-max', 'max'],
] as const;

export function Legend() {
  return (
    <ul class="legend" aria-label="How to read a bar">
      {KEYS.map(([look, text]) => (
        <li key={text}>
          <span class="legend-key" aria-hidden="true">
            <span class={look} />
          </span>
          {text}
        </li>
      ))}
    </ul>
  );
}
