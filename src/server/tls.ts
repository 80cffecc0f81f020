import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { MusterError } from '../core/errors.ts';

/** Certificates in PEM. With `ca`, only clients whose certificate it signed may connect. */
export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

type Given = { readonly [K in keyof TlsFiles]: string | undefined };

/** How often the files are polled: renewed certificates appear hours before the old ones expire. */
const POLL_MS = 60_000;

/**
 * @param names the names of the settings, for errors
 * @returns undefined if none is set
 * @throws MusterError MUSTER_USAGE if only some are set
 */
export function tlsFiles(
  { cert, key, ca }: Given,
  names: Readonly<Record<keyof TlsFiles, string>>,
): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return ca === undefined ? { cert, key } : { cert, key, ca };
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  throw new MusterError(
    'MUSTER_USAGE',
    `${names.cert} and ${names.key} must be set together${ca === undefined ? '' : `, and ${names.ca} needs both`}.`,
  );
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
export function readTls({ cert, key, ca }: TlsFiles): Tls {
  return { cert: read(cert), key: read(key), ...(ca === undefined ? {} : { ca: read(ca) }) };
}

/** Reloads renewed certificates while the server runs. @returns a function that stops the watch */
export function watchTls({ server, log }: FastifyInstance, files: TlsFiles | undefined): () => void {
  if (!files) return () => undefined;
  let stamp = stampOf(files);
  const timer = setInterval(() => {
    const now = stampOf(files);
    if (now === stamp) return;
    try {
      // The server is an HTTPS server, since there are files.
      (server as unknown as Server).setSecureContext(readTls(files));
      stamp = now;
      log.info({ cert: files.cert }, 'certificate renewed');
    } catch (error) {
      log.error(
        { cert: files.cert, error: (error as Error).message },
        'certificate rejected; the old one stays in use',
      );
    }
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function stampOf(files: TlsFiles): string {
  return Object.values(files)
    .map((file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs)
    .join();
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
}
