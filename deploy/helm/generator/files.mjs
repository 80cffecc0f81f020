import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { templatesOf } from './chart.mjs';
import { layers, toJson } from './layers.mjs';
import { readmeOf } from './readme.mjs';
import { schemaOf } from './schema.mjs';

const CHART = 'deploy/helm/muster';

/**
 * All that is made.
 * @param {string} root the project's folder
 * @returns {Promise<Map<string, string>>} texts by path in the project
 */
export async function generated(root) {
  const objects = await layers();
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const json = (value) => format(JSON.stringify(value), { parser: 'json', printWidth: 120 });
  const schema = await schemaOf(root);
  const manifests = objects.map(({ node, when }) => ({
    ...(when ? { when: when.join('&') } : {}),
    object: toJson(node),
  }));
  return new Map([
    ...[...templatesOf(objects)].map(([file, text]) => [`${CHART}/templates/${file}`, text]),
    [`${CHART}/files/policies.yaml`, read('deploy/base/config/policies.yaml')],
    [`${CHART}/files/dashboard.json`, read('deploy/components/dashboard/muster.json')],
    [`${CHART}/values.schema.json`, await json(schema)],
    [
      `${CHART}/README.md`,
      await format(readmeOf(read, schema), { parser: 'markdown', printWidth: 120, proseWrap: 'preserve' }),
    ],
    ['src/cli/install/manifests.json', await json(manifests)],
  ]);
}
