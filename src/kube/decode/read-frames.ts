import { WireError } from './wire.ts';

/** More than any object takes: etcd's limit is 1.5 MB. */
const MAX_FRAME_BYTES = 32 * 2 ** 20;
const HEADER = 4;

/**
 * The frames of a stream, without their lengths: four bytes each, the highest first. An incomplete last frame is dropped.
 * @throws WireError for a frame that no object fills
 */
export async function* readFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let wanted = HEADER;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) continue;
    let rest = parts.length === 1 ? chunk : Buffer.concat(parts);
    while (rest.length >= (wanted = wantedOf(rest))) {
      yield rest.subarray(HEADER, wanted);
      rest = rest.subarray(wanted);
    }
    parts = rest.length === 0 ? [] : [rest];
    bytes = rest.length;
  }
}

/** How many bytes the next frame takes with its header; of a header that is not complete the header alone. */
function wantedOf(bytes: Buffer): number {
  if (bytes.length < HEADER) return HEADER;
  const length = bytes.readUInt32BE(0);
  if (length > MAX_FRAME_BYTES) throw new WireError(`a frame of ${length} bytes`);
  return HEADER + length;
}
