// Writes kubernetes.json, or with CRDs as arguments operators.json, in the notation of test/support/structure.ts:
//   node compact.mjs SWAGGER.json
//   node compact.mjs CRD.yaml... --used MANIFESTS.yaml   (what `kubectl kustomize` prints: the rest is left out)
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parse, parseAllDocuments } from 'yaml';

const KINDS = [
  ['', 'Namespace'],
  ['', 'ServiceAccount'],
  ['', 'ConfigMap'],
  ['', 'Service'],
  ['', 'Pod'],
  ['', 'PersistentVolumeClaim'],
  ['apps', 'Deployment'],
  ['batch', 'Job'],
  ['policy', 'PodDisruptionBudget'],
  ['networking.k8s.io', 'NetworkPolicy'],
  ['rbac.authorization.k8s.io', 'Role'],
  ['rbac.authorization.k8s.io', 'RoleBinding'],
  ['rbac.authorization.k8s.io', 'ClusterRole'],
  ['rbac.authorization.k8s.io', 'ClusterRoleBinding'],
  ['admissionregistration.k8s.io', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io', 'ValidatingAdmissionPolicy'],
  ['admissionregistration.k8s.io', 'ValidatingAdmissionPolicyBinding'],
  ['scheduling.k8s.io', 'PriorityClass'],
];

/** Fields in one line: `name! type`, with ! where it is required. */
const line = (fields) => fields.map(([name, type, must]) => `${name}${must ? '!' : ''} ${type}`).join(', ');

function fromSwagger(file) {
  const { definitions } = JSON.parse(readFileSync(file, 'utf8'));
  const types = {};
  const short = (name) => name.split('.').slice(-3).join('.');
  const typeOf = (schema) => {
    if (schema.$ref) return define(schema.$ref.split('/').at(-1));
    if (schema.format === 'int-or-string') return 'integer|string';
    if (schema.type === 'array') return `[${typeOf(schema.items)}]`;
    if (schema.type === 'object')
      return schema.additionalProperties ? `{${typeOf(schema.additionalProperties)}}` : 'any';
    return schema.type ?? 'any';
  };
  const define = (name) => {
    const schema = definitions[name];
    if (name.endsWith('.resource.Quantity')) return 'string|number';
    if (!schema.properties) return typeOf(schema);
    if (types[short(name)] === undefined) {
      types[short(name)] = '';
      const required = new Set(schema.required);
      types[short(name)] = line(
        Object.entries(schema.properties).map(([field, own]) => [field, typeOf(own), required.has(field)]),
      );
    }
    return short(name);
  };
  const kinds = {};
  for (const [group, kind] of KINDS) {
    const is = (one) => one.group === group && one.version === 'v1' && one.kind === kind;
    const [name] = Object.entries(definitions).find(([, own]) => own['x-kubernetes-group-version-kind']?.some(is));
    kinds[`${group === '' ? '' : `${group}/`}v1 ${kind}`] = define(name);
  }
  return { kinds, types };
}

function fromCrds(files, used) {
  const [kinds, types] = [{}, {}];
  const manifests = parseAllDocuments(readFileSync(used, 'utf8')).map((document) => document.toJS());
  for (const file of files) {
    const { group, names, versions } = parse(readFileSync(file, 'utf8')).spec;
    for (const { name: version, schema } of versions) {
      const values = manifests.filter((one) => one.apiVersion === `${group}/${version}` && one.kind === names.kind);
      if (values.length === 0) continue;
      const typeOf = (own, path, found) => {
        if (own['x-kubernetes-int-or-string']) return 'integer|string';
        if (own.type === 'array') return `[${typeOf(own.items, path, found.flat())}]`;
        if (own.type !== 'object') return own.type ?? 'any';
        if (own.additionalProperties)
          return `{${typeOf(own.additionalProperties, path, found.flatMap(Object.values))}}`;
        if (!own.properties) return 'any';
        // Nobody uses it, and it may be large.
        if (found.length === 0) return 'unread';
        const fields = Object.entries(own.properties).map(([field, inner]) => {
          const below = found.map((value) => value[field]).filter((value) => value !== undefined);
          return [field, typeOf(inner, `${path}.${field}`, below), own.required?.includes(field)];
        });
        types[path] = line(
          fields.map(([field, ...rest]) => [
            field,
            ...(path === names.kind && field === 'metadata' ? ['any', true] : rest),
          ]),
        );
        return path;
      };
      kinds[`${group}/${version} ${names.kind}`] = typeOf(schema.openAPIV3Schema, names.kind, values);
    }
  }
  return { kinds, types };
}

const args = process.argv.slice(2);
const at = args.indexOf('--used');
const [name, schemas] =
  at < 0 ? ['kubernetes', fromSwagger(args[0])] : ['operators', fromCrds(args.slice(0, at), args[at + 1])];
writeFileSync(join(import.meta.dirname, `${name}.json`), `${JSON.stringify(schemas, null, 2)}\n`);
