/** `1 pod`, `2 pods`, `5,000 pods`, `0.5 cores`. @param plural where it is not the noun with an `s` */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`;
}
