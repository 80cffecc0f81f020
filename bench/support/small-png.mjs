import { readFileSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

// Pictures of pages have few colours: with a palette they take a third of the bytes.

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const MOST_COLOURS = 256;

/** Writes the PNG again with at most 256 colours: the most frequent ones, and for each other the nearest of them. */
export function shrink(path) {
  const { width, height, pixels } = decode(readFileSync(path));
  const { palette, indexOf } = paletteOf(pixels);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf(pixels[at++]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const parts = [chunk('IHDR', head), chunk('PLTE', colours), chunk('IDAT', deflateSync(rows, { level: 9 }))];
  writeFileSync(path, Buffer.concat([SIGNATURE, ...parts, chunk('IEND', Buffer.alloc(0))]));
}

function paletteOf(pixels) {
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const frequent = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  // Of each part of the colours one, or small spots of a colour of their own would lose it.
  const parts = new Map();
  for (const colour of frequent) if (!parts.has(colour & 0xe0e0e0)) parts.set(colour & 0xe0e0e0, colour);
  const palette = [...new Set([...parts.values(), ...frequent])].slice(0, MOST_COLOURS);
  const indexes = new Map(palette.map((colour, i) => [colour, i]));
  const indexOf = (colour) => {
    if (!indexes.has(colour)) indexes.set(colour, nearest(palette, colour));
    return indexes.get(colour);
  };
  return { palette, indexOf };
}

function nearest(palette, colour) {
  const distances = palette.map((one) =>
    [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((colour >> shift) & 255)) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances));
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** The pixels of a PNG as Chromium writes it (8 bits, RGB or RGBA, not interlaced), each as 0xRRGGBB. */
function decode(file) {
  const data = [];
  for (let at = 8; at < file.length; at += file.readUInt32BE(at) + 12)
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT')
      data.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  const [width, height, size] = [file.readUInt32BE(16), file.readUInt32BE(20), file[25] === 6 ? 4 : 3];
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * size;
  const out = Buffer.alloc(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const [left, up] = [x < size ? 0 : out[y * stride + x - size], y === 0 ? 0 : out[(y - 1) * stride + x]];
      const corner = x < size || y === 0 ? 0 : out[(y - 1) * stride + x - size];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[y * stride + x] = raw[y * (stride + 1) + 1 + x] + guess;
    }
  }
  const pixels = Array.from({ length: width * height }, (_, i) => out.readUIntBE(i * size, 3));
  return { width, height, pixels };
}

function paeth(left, up, corner) {
  const [a, b, c] = [left, up, corner].map((one) => Math.abs(left + up - corner - one));
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
