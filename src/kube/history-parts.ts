import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { integerAt, objectAt, textAt, type Json } from '../intake/field.ts';

/** The key of a ConfigMap's `binaryData` with its part of the history file, packed with gzip. */
export const PACKED = 'history.json.gz';
/** The key of a ConfigMap's `data` that says which part of which writing it holds. */
const ABOUT = 'about';

/** An object of the API holds 1 MiB at most, the names of its fields included. */
const PART_BYTES = 900_000;
export const MOST_PARTS = 4;
/** Unpacked, a history has some MB. A part that unpacks to more was made to fill the memory. */
const MOST_BYTES = 64 * 2 ** 20;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** The content of the ConfigMap that holds one part. */
export interface HistoryPart {
  readonly data: { readonly [ABOUT]: string };
  readonly binaryData: { readonly [PACKED]: string };
}

/** A history that is stored and cannot be used. The message is the reason, without a full stop. */
export class BrokenHistory extends Error {
  override readonly name = 'BrokenHistory';
}

/** The name of the ConfigMap with this part: muster-history, muster-history-1, ... */
export const partName = (part: number) => (part === 0 ? 'muster-history' : `muster-history-${part}`);

/**
 * Packs a history file and splits it into parts that fit a ConfigMap each.
 * @param generation the number of this writing: parts of different writings do not belong together
 * @throws BrokenHistory if it would take more than MOST_PARTS
 */
export async function split(text: string, generation: number): Promise<readonly HistoryPart[]> {
  const packed = await pack(text);
  const of = Math.max(1, Math.ceil(packed.length / PART_BYTES));
  if (of > MOST_PARTS) throw new BrokenHistory(`its ${packed.length} bytes do not fit ${MOST_PARTS} ConfigMaps`);
  return Array.from({ length: of }, (_, part) => ({
    data: { [ABOUT]: JSON.stringify({ generation, part, of }) },
    binaryData: { [PACKED]: packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString('base64') },
  }));
}

/** Which part of which writing a ConfigMap holds, of how many. */
interface About {
  readonly generation: number;
  readonly part: number;
  readonly of: number;
}

/**
 * Which part the ConfigMap holds. One that does not say so is whole, as `kubectl create configmap --from-file` makes it.
 * @returns undefined if it holds none @throws BrokenHistory
 */
export function aboutPart(configMap: Json | undefined): About | undefined {
  if (packedIn(configMap) === undefined) return undefined;
  return reading(() => {
    const text = textAt(objectAt(configMap ?? {}, 'data', 'ConfigMap') ?? {}, ABOUT, 'ConfigMap.data');
    if (text === undefined) return { generation: 0, part: 0, of: 1 };
    const about = JSON.parse(text) as Json;
    const [generation, part, of] = ['generation', 'part', 'of'].map((key) => integerAt(about, key, ABOUT));
    if (generation === undefined || part === undefined || of === undefined || of < 1 || of > MOST_PARTS)
      throw new BrokenHistory(`data.${ABOUT} says ${text.slice(0, 80)}`);
    return { generation, part, of };
  });
}

/**
 * The history file that these ConfigMaps hold, the first part first; undefined: the ConfigMap does not exist.
 * @returns undefined if there is none @throws BrokenHistory
 */
export async function join(configMaps: readonly (Json | undefined)[]): Promise<string | undefined> {
  const first = aboutPart(configMaps[0]);
  if (!first) return undefined;
  const packed = Array.from({ length: first.of }, (_, part) => {
    const about = aboutPart(configMaps[part]);
    if (about?.generation !== first.generation || about.part !== part)
      throw new BrokenHistory(`${partName(part)} is not of the writing ${first.generation}, as ${partName(0)} is`);
    return Buffer.from(packedIn(configMaps[part]) ?? '', 'base64');
  });
  try {
    return (await unpack(Buffer.concat(packed), { maxOutputLength: MOST_BYTES })).toString('utf8');
  } catch (error) {
    throw new BrokenHistory(`${PACKED} cannot be unpacked: ${(error as Error).message}`, { cause: error });
  }
}

const packedIn = (configMap: Json | undefined): string | undefined =>
  configMap && reading(() => textAt(objectAt(configMap, 'binaryData', 'ConfigMap') ?? {}, PACKED, 'binaryData'));

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof BrokenHistory ? error : new BrokenHistory((error as Error).message, { cause: error });
  }
}
