import FIELDS from './fields.json' with { type: 'json' };

type Fields = Readonly<Record<string, string>>;
type Json = Readonly<Record<string, unknown>>;

/** Names of messages to their fields: number, `list` or `map`, and type. */
const MESSAGES: Readonly<Record<string, Fields>> = {
  ...FIELDS,
  // 1.35 alone had this field.
  PodSpec: { ...FIELDS.PodSpec, workloadRef: '42 WorkloadReference' },
  WorkloadReference: { name: '1 string', podGroup: '2 string', podGroupReplicaKey: '3 string' },
};
/** Messages whose fields JSON writes as if they were those of the enclosing message. */
const INLINE = new Set([
  'volumeSource',
  'localObjectReference',
  'ephemeralContainerCommon',
  'handler',
  'persistentVolumeSource',
]);

const VARINT = 0;
const BYTES = 2;

export interface EncodeOptions {
  /** Whether an absent text is written as an empty one, and an absent flag as false: Go does so for some fields. */
  readonly isZeroWritten?: (message: string, field: string) => boolean;
}

function varint(value: bigint): Buffer {
  if (value >= 0n && value < 128n) return Buffer.from([Number(value)]);
  const out: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    const low = Number(rest & 127n);
    if (rest < 128n) return Buffer.from([...out, low]);
    out.push(low | 128);
  }
}

const tagged = (number: number, wireType: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([varint(BigInt((number << 3) | wireType)), ...parts]);

/** A field of bytes, a text or a message. */
export const bytesField = (number: number, bytes: Buffer | string): Buffer => {
  const content = Buffer.from(bytes as string);
  return tagged(number, BYTES, varint(BigInt(content.length)), content);
};

const numberField = (number: number, value: number | bigint | boolean): Buffer =>
  tagged(number, VARINT, varint(BigInt(value)));

/**
 * A message as the API server encodes it (proto2, fields by number), from the object's JSON.
 * @throws Error for a field that the message does not have
 */
export function encode(message: string, json: Json, options: EncodeOptions = {}): Buffer {
  const used = new Set<string>();
  const bytes = encodeFields(message, json, used, options);
  const unknown = Object.keys(json).filter((key) => !used.has(key) && (json[key] ?? undefined) !== undefined);
  if (unknown.length > 0) throw new Error(`${message} has no field ${unknown.join(', ')}`);
  return bytes;
}

function encodeFields(message: string, json: Json, used: Set<string>, options: EncodeOptions): Buffer {
  const parts = fieldsOf(message).map(({ name, number, type }): Buffer => {
    if (INLINE.has(name)) {
      const inner = encodeFields(type[0]!, json, used, options);
      return inner.length > 0 ? bytesField(number, inner) : inner;
    }
    used.add(name);
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    if (value === undefined || value === null) return zero(message, { name, number, type }, options);
    return encodeValue(number, type, value, options);
  });
  return Buffer.concat(parts);
}

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: readonly string[];
}

const known = new Map<string, readonly Field[]>();

/** The fields of a message by number. */
function fieldsOf(message: string): readonly Field[] {
  const found = known.get(message);
  if (found) return found;
  const fields = Object.entries(MESSAGES[message]!).map(([name, text]) => {
    const [number, ...type] = text.split(' ') as [string, ...string[]];
    return { name, number: Number(number), type };
  });
  fields.sort((a, b) => a.number - b.number);
  known.set(message, fields);
  return fields;
}

function zero(message: string, { name, number, type }: Field, { isZeroWritten }: EncodeOptions): Buffer {
  const isSimple = type[0] === 'string' || type[0] === 'bool';
  if (!isSimple || !isZeroWritten?.(message, name)) return Buffer.alloc(0);
  return type[0] === 'string' ? bytesField(number, '') : numberField(number, 0);
}

function encodeValue(number: number, type: readonly string[], value: unknown, options: EncodeOptions): Buffer {
  const [kind, of] = type as [string, string];
  if (kind === 'list')
    return Buffer.concat((value as unknown[]).map((item) => encodeValue(number, [of], item, options)));
  if (kind === 'map') {
    const entries = Object.entries(value as Json).sort(([a], [b]) => (a < b ? -1 : 1));
    return Buffer.concat(
      entries.map(([key, item]) =>
        bytesField(number, Buffer.concat([bytesField(1, key), encodeValue(2, [of], item, options)])),
      ),
    );
  }
  if (kind === 'string') return bytesField(number, value as string);
  if (kind === 'bytes') return bytesField(number, Buffer.from(value as string, 'base64'));
  if (kind === 'bool') return numberField(number, value as boolean);
  if (/^u?int(32|64)$/.test(kind)) return numberField(number, BigInt(value as number));
  return bytesField(number, encodeMessage(kind, value, options));
}

/** Messages that are no objects in JSON, and all others. */
function encodeMessage(message: string, value: unknown, options: EncodeOptions): Buffer {
  switch (message) {
    case 'Quantity':
      return bytesField(1, String(value));
    case 'Time':
    case 'MicroTime': {
      const ms = Date.parse(value as string);
      return Buffer.concat([numberField(1, Math.floor(ms / 1000)), numberField(2, (ms % 1000) * 1_000_000)]);
    }
    case 'IntOrString':
      return typeof value === 'number'
        ? Buffer.concat([numberField(1, 0), numberField(2, value), bytesField(3, '')])
        : Buffer.concat([numberField(1, 1), numberField(2, 0), bytesField(3, value as string)]);
    case 'FieldsV1':
      return bytesField(1, JSON.stringify(value));
    default:
      return encode(message, value as Json, options);
  }
}

/** An object with what it begins with in this encoding. @param raw its message */
export function enveloped(kind: string, raw: Buffer, apiVersion = 'v1'): Buffer {
  const type = Buffer.concat([bytesField(1, apiVersion), bytesField(2, kind)]);
  const unknown = [bytesField(1, type), bytesField(2, raw), bytesField(3, ''), bytesField(4, '')];
  return Buffer.concat([Buffer.from('k8s\0'), ...unknown]);
}

/** An event of a watch with its length before it. @param object enveloped */
export function frame(type: string, object: Buffer): Buffer {
  const event = Buffer.concat([bytesField(1, type), bytesField(2, bytesField(1, object))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}
