/** 0.07 is read from `7%`; the product alone would be 7.000000000000001. */
export const percentText = (part: number) => `${Number((part * 100).toFixed(6))}%`;

const BINARY = [
  ['Ti', 2 ** 40],
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
] as const;

/** Cores, or `1500m`; bytes in the largest unit that needs no fraction; else a number. */
export function amountText(name: string, amount: number): string | number {
  if (name === 'cpu') return amount % 1000 === 0 ? amount / 1000 : `${amount}m`;
  const isBytes = name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-');
  const unit = isBytes && amount > 0 ? BINARY.find(([, size]) => amount % size === 0) : undefined;
  return unit ? `${amount / unit[1]}${unit[0]}` : amount;
}
