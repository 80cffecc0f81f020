import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** What the chart sets by itself, and what serves files instead of a cluster. */
const NOT_SET_BY_HAND = [
  ...['host', 'port', 'extenderHost', 'extenderPort', 'policy', 'live', 'kubeconfig', 'schedulerLease', 'identity'],
  ...['keepHistory', 'historyNamespace', 'provisioning', 'nodes', 'pods', 'history'],
  ...['webhook', 'webhookPort', 'webhookCertFile', 'webhookKeyFile'],
  ...['tlsCertFile', 'tlsKeyFile', 'tlsClientCaFile', 'tlsClientNames'],
];

/**
 * The schema of the chart's values: generator/values.schema.json, with muster's own settings below `config`.
 * @param {string} root the project's folder
 */
export async function schemaOf(root) {
  const schema = JSON.parse(readFileSync(join(root, 'deploy/helm/generator/values.schema.json'), 'utf8'));
  schema.properties.config.properties = await settings(root);
  return schema;
}

/** JSON schemas of the fields of src/config.ts. */
async function settings(root) {
  const contents = `
    import { z } from 'zod';
    import { Config } from './src/config.ts';
    export const fields = z.toJSONSchema(Config, { io: 'output', unrepresentable: 'any' }).properties;`;
  const folder = mkdtempSync(join(tmpdir(), 'muster-schema-'));
  try {
    const outfile = join(folder, 'config.cjs');
    const stdin = { contents, resolveDir: root, loader: 'ts' };
    await build({ stdin, outfile, bundle: true, format: 'cjs', platform: 'node', logLevel: 'error' });
    return ownOf(createRequire(outfile)(outfile).fields);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whoever leaves a field out has muster's default, whatever that is in this version. */
function ownOf(fields) {
  const own = Object.entries(fields).filter(([name]) => !NOT_SET_BY_HAND.includes(name));
  return Object.fromEntries(own.map(([name, field]) => [name, { ...field, default: undefined }]));
}
