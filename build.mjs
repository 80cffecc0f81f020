import { chmodSync } from 'node:fs';
import { build } from 'esbuild';
import { consoleModule } from './src/console/bundle.mjs';

// Tests build into a folder of their own.
const [outfile = 'dist/cli.js'] = process.argv.slice(2);

await build({
  entryPoints: ['src/cli.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  plugins: [consoleModule],
  // A third fewer bytes, and no comments in other alphabets: with one letter of those V8 keeps all letters in two bytes.
  minifyWhitespace: true,
  lineLimit: 160,
  logLevel: 'warning',
  // For `muster --version`: the image and the release name the commit that they are built from.
  define: { SOURCE_COMMIT: JSON.stringify(process.env.SOURCE_COMMIT ?? '') },
  banner: {
    js: [
      '#!/usr/bin/env node',
      "import { createRequire as createRequireOfBundle } from 'node:module';",
      'const require = createRequireOfBundle(import.meta.url);',
    ].join('\n'),
  },
});

// Linked as muster or kubectl-muster, it is a program.
chmodSync(outfile, 0o755);
