import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Bundles the chart library as text, since the report contains it and muster does not run it. */
const chartLibrary = {
  name: 'chart-library',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]report[/\\]library\.ts$/ }, () => {
      const text = (file) =>
        JSON.stringify(readFileSync(fileURLToPath(import.meta.resolve(`uplot/dist/${file}`)), 'utf8'));
      return {
        contents: `export const UPLOT_CSS = ${text('uPlot.min.css')};\nexport const UPLOT_JS = ${text('uPlot.iife.min.js')};`,
      };
    });
  },
};

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
  logLevel: 'warning',
  plugins: [chartLibrary],
  banner: {
    js: [
      '#!/usr/bin/env node',
      "import { createRequire as createRequireOfBundle } from 'node:module';",
      'const require = createRequireOfBundle(import.meta.url);',
    ].join('\n'),
  },
});
