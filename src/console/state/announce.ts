import { signal } from '@preact/signals';

/** What a screen reader says next, politely. */
export const announcement = signal('');

export const announce = (text: string) => (announcement.value = text);
