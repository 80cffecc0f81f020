import { parse } from 'yaml';

const CHART = 'deploy/helm/muster';

/**
 * The chart's README: generator/README.md with a table of all values.
 * @param {(file: string) => string} read
 */
export function readmeOf(read, schema) {
  const values = parse(read(`${CHART}/values.yaml`));
  const rows = rowsOf(schema, values, []);
  const table = ['| value | default | what it is |', '| --- | --- | --- |', ...rows].join('\n');
  return read('deploy/helm/generator/README.md').replace('VALUES', () => table);
}

function rowsOf({ properties }, values, path) {
  return Object.entries(properties).flatMap(([name, field]) => {
    const at = [...path, name];
    const value = values?.[name];
    const isWhole = name === 'config' || field.properties === undefined;
    if (!isWhole) return rowsOf(field, value, at);
    return [`| \`${at.join('.')}\` | ${shown(value)} | ${field.description.replaceAll('|', '\\|')} |`];
  });
}

const shown = (value) => (value === undefined || value === null || value === '' ? '' : `\`${JSON.stringify(value)}\``);
