import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** src/<folder> -> the other folders it may import. */
const MAY_IMPORT = {
  core: [],
  intake: ['core'],
  extender: ['core', 'intake'],
  replay: ['core', 'intake'],
  kube: ['core', 'intake'],
  webhook: ['core', 'intake'],
  server: ['core', 'intake', 'extender', 'kube', 'webhook'],
  cli: ['core', 'intake', 'extender', 'kube', 'webhook', 'replay', 'server'],
};

const wall = ([folder, allowed]) => {
  const banned = Object.keys(MAY_IMPORT).filter((other) => other !== folder && !allowed.includes(other));
  const message = `src/${folder} may import: ${allowed.join(', ') || 'nothing'}.`;
  const patterns = [...banned.map((other) => ({ group: [`**/${other}/**`, `**/${other}.ts`], message }))];
  if (!['server', 'cli'].includes(folder)) patterns.push({ group: ['**/config.ts', '**/version.ts'], message });
  if (folder === 'core') {
    patterns.push({
      regex: '^(?!\\.|lru-cache$)',
      message: 'src/core uses no package but lru-cache, and no node: module.',
    });
  }
  return { files: [`src/${folder}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } };
};

const noClock = { message: 'Take nowMs, or a seeded generator, as an argument.' };

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['*.js', '*.mjs', '.ci/*.mjs', 'bench/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true, IIFEs: true }],
      'max-params': ['error', 4],
    },
  },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', ...noClock },
        { object: 'Math', property: 'random', ...noClock },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', ...noClock },
      ],
    },
  },
  ...Object.entries(MAY_IMPORT).map(wall),
);
