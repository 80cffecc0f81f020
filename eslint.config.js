import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import rules from './import-rules.json' with { type: 'json' };

const { parts, corePackages, coreRooms } = rules;

/** Matches imports of a folder or file, however they are written. */
const into = (place) => (place.endsWith('/') ? `**/${place.split('/').at(-2)}/**` : `**/${place}`);
const folders = Object.keys(parts).filter((part) => !part.endsWith('.ts'));
const banned = (group, message) => (group.length === 0 ? [] : [{ group, message }]);

/** What a folder of src may not import: the rules of import-rules.json as one lint rule. */
function wall(folder) {
  const allowed = parts[folder];
  const message = `src/${folder} may import: ${allowed.join(', ') || 'nothing'} (import-rules.json).`;
  const others = Object.keys(parts).filter((other) => other !== folder && !allowed.includes(other));
  const groups = others.flatMap((other) =>
    other.endsWith('.ts') ? [`**/${other}`] : [`**/${other}/**`, `**/${other}.ts`],
  );
  return banned([...new Set(groups)], message);
}

const packages = {
  regex: `^(?!\\.|(?:${corePackages.join('|')})$)`,
  message: `src/core uses no package but ${corePackages.join(', ')}, and no node: module.`,
};

const restrict = (files, patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });

/** A room of src/core may import the rooms before it. */
function roomWall(room, at) {
  const message = `src/core/${room[0]} may import the rooms before it (import-rules.json).`;
  const files = room.map((place) => `src/core/${place}${place.endsWith('/') ? '**/*.ts' : ''}`);
  const later = coreRooms
    .slice(at + 1)
    .flat()
    .map(into);
  return restrict(files, [...wall('core'), packages, ...banned(later, message)]);
}

const noClock = { message: 'Take nowMs, or a seeded generator, as an argument.' };
const oneClock = {
  message: 'Wall time is read in src/clock.ts alone; measure durations with nowMs or performance.now().',
};
const newDate = 'NewExpression[callee.name="Date"][arguments.length=0]';

export default tseslint.config(
  { ignores: ['**/dist/', 'coverage/', 'node_modules/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['*.js', '*.mjs', '.ci/*.mjs', 'bench/**/*.mjs', 'src/console/*.mjs', 'docs/site/**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', fetch: 'readonly' } },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true, IIFEs: true }],
      'max-params': ['error', 4],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/clock.ts', 'src/console/clock/now.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', ...oneClock }],
      'no-restricted-syntax': ['error', { selector: newDate, ...oneClock }],
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
      'no-restricted-syntax': ['error', { selector: newDate, ...noClock }],
    },
  },
  ...folders.map((folder) =>
    restrict([`src/${folder}/**/*.{ts,tsx}`], [...wall(folder), ...(folder === 'core' ? [packages] : [])]),
  ),
  ...coreRooms.map(roomWall),
);
