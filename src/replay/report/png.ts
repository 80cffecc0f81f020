import { crc32, deflateSync } from 'node:zlib';

/** Red, green, blue and opacity, each 0..255. */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/**
 * A PNG with a palette, as base64. It is not compressed, because the bytes of a compressor differ between its versions.
 * @param rows one palette index per pixel @param palette at most 256 colours
 * @see https://www.w3.org/TR/png-3/ : signature, IHDR, PLTE, tRNS, IDAT, IEND
 */
export function pngBase64(rows: readonly (readonly number[])[], palette: readonly Rgba[]): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(rows[0]?.length ?? 0, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits per pixel, palette, no interlace
  const NO_FILTER = 0;
  const pixels = Uint8Array.from(rows.flatMap((row) => [NO_FILTER, ...row]));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(palette.flatMap(([red, green, blue]) => [red, green, blue]))),
    chunk('tRNS', Uint8Array.from(palette.map(([, , , alpha]) => alpha))),
    chunk('IDAT', deflateSync(pixels, { level: 0 })),
    chunk('IEND', new Uint8Array()),
  ]).toString('base64');
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
