import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

// The console as files that the server keeps in memory: the module `muster:console` of the bundle and of the tests.

const NAME = 'muster:console';
const folder = fileURLToPath(new URL('.', import.meta.url));

/** `app.js` to `app-1A2B3C4D.js`: a name that changes with the content may be kept for ever. */
function hashed(name, content) {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 10);
  return name.replace(/(\.\w+)$/, `-${digest}$1`);
}

const file = (path, type, content) => ({
  path,
  type,
  gzip: gzipSync(content, { level: 9 }).toString('base64'),
});

/** Builds the console. @returns its files, `/` first; `gzip` is the content, compressed, in base64 */
export async function consoleFiles() {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: { app: 'main.tsx', style: 'styles/index.css' },
    outdir: 'out',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    tsconfig: 'tsconfig.json',
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'warning',
  });
  const script = outputFiles.find(({ path }) => path.endsWith('.js')).contents;
  const style = outputFiles.find(({ path }) => path.endsWith('.css')).contents;
  const icon = readFileSync(`${folder}icon.svg`);
  const names = { app: hashed('app.js', script), style: hashed('style.css', style), icon: hashed('icon.svg', icon) };
  const page = readFileSync(`${folder}index.html`, 'utf8').replace(/\{(app|style|icon)\}/g, (_, one) => names[one]);
  return [
    file('/', 'text/html; charset=utf-8', page.replace(/>\s+</g, '><')),
    file(`/assets/${names.app}`, 'text/javascript; charset=utf-8', script),
    file(`/assets/${names.style}`, 'text/css; charset=utf-8', style),
    file(`/assets/${names.icon}`, 'image/svg+xml', icon),
  ];
}

const source = async () => `export default ${JSON.stringify(await consoleFiles())};`;

/** The module `muster:console` for esbuild. */
export const consoleModule = {
  name: NAME,
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^muster:console$/ }, ({ path }) => ({ path, namespace: NAME }));
    onLoad({ filter: /.*/, namespace: NAME }, async () => ({ contents: await source() }));
  },
};

/** The module `muster:console` for vitest, which runs the sources. */
export const consoleModuleOfTests = {
  name: NAME,
  enforce: 'pre',
  resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
  load: (id) => (id === `\0${NAME}` ? source() : undefined),
};
