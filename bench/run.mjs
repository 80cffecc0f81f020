import { build } from 'esbuild';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { consoleModule } from '../src/console/bundle.mjs';

// Builds dist/cli.js and every bench/*.ts, then runs one of them: node bench/run.mjs main|compare|pair ARGUMENT...
const root = fileURLToPath(new URL('..', import.meta.url));
const built = spawnSync(process.execPath, ['build.mjs'], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) process.exit(1);

const sources = ['bench', 'bench/processes'].flatMap((folder) =>
  readdirSync(`${root}${folder}`).map((file) => `${folder}/${file}`),
);
await build({
  absWorkingDir: root,
  entryPoints: sources.filter((file) => file.endsWith('.ts')),
  outdir: 'dist/bench',
  outbase: 'bench',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  plugins: [consoleModule],
  // It finds its own files by where it is.
  external: ['playwright-core'],
  logLevel: 'warning',
  banner: {
    js: [
      "import { createRequire as createRequireOfBundle } from 'node:module';",
      'const require = createRequireOfBundle(import.meta.url);',
    ].join('\n'),
  },
});

const [entry = 'main', ...rest] = process.argv.slice(2);
// --expose-gc: heaps are measured after a full collection.
const args = ['--enable-source-maps', '--expose-gc', `${root}dist/bench/${entry}.js`, ...rest];
const child = spawn(process.execPath, args, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
