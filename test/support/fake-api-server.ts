import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyOf, eventOf, protobufKind, watchType } from './protobuf/bodies.ts';

/** A Kubernetes object as JSON. */
export interface K8sObject {
  kind?: string;
  apiVersion?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    annotations?: Record<string, string>;
    [key: string]: unknown;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [key: string]: unknown;
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: K8sObject;
  /** As it was before; selectors are matched against both. */
  readonly before: K8sObject | undefined;
}

interface Collection {
  readonly objects: Map<string, K8sObject>;
  readonly changes: Change[];
  readonly watchers: Set<Watcher>;
}

interface Watcher {
  readonly response: http.ServerResponse;
  /** As `protobufKind` says. */
  readonly kind: string | undefined;
  readonly matches: (object: K8sObject) => boolean;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const PATH = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/;

/**
 * What muster needs of a kube-apiserver, in this process: list with pages, watch with bookmarks, get, create, patch
 * (merge and JSON patch, with optimistic locking), delete, bind, evict. And its troubles: forgotten versions (410),
 * broken connections, refusals, silence.
 */
export class FakeApiServer {
  readonly #collections = new Map<string, Collection>();
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));
  readonly calls: Call[] = [];
  /** The content types that each request asked for. */
  readonly accepts: string[] = [];
  /** Collections that answer 404, such as `/apis/sparkoperator.k8s.io/v1beta2/sparkapplications`. */
  readonly absent = new Set<string>();
  /** What is sent where protobuf is asked for: pods and nodes in it, the same as JSON, something else, a refusal. */
  protobuf: 'spoken' | 'json' | { readonly type: string; readonly body: string } | 406 | 415 = 'spoken';
  /** The header Retry-After of refusals, in seconds. */
  retryAfter: number | undefined;
  /** The collections of CRDs that discovery tells of. */
  readonly #installed = new Set<string>();
  /** Answers instead of the real one, where it returns a status. */
  refuse: (method: string, path: string) => number | undefined = () => undefined;
  /** Answers a POST instead of creating something, where it returns an object: reviews. */
  review: (path: string, body: unknown) => object | undefined = () => undefined;
  /** Accepts connections and requests, and neither answers nor tells any watch; nothing is closed. */
  #isHung = false;
  readonly #held: (() => void)[] = [];
  /** Evictions of these pods violate a disruption budget. */
  readonly protectedPods = new Set<string>();
  /** Whether evicted pods stay, marked as going, until they are removed. */
  hasGrace = false;
  #version = 1000;
  /** Versions up to this are forgotten. */
  #forgotten = 0;

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Creates or replaces. @param collection such as `/api/v1/pods` */
  put(collection: string, object: K8sObject): K8sObject {
    const { objects } = this.#collection(collection);
    const key = keyOf(object);
    const before = objects.get(key);
    const { name, namespace } = object.metadata;
    const stored = structuredClone(object);
    stored.metadata = {
      uid: before?.metadata.uid ?? `${namespace ?? ''}.${name}.${this.#version}`,
      ...stored.metadata,
    };
    this.#commit(collection, before ? 'MODIFIED' : 'ADDED', stored, before);
    return stored;
  }

  remove(collection: string, namespace: string | undefined, name: string): void {
    const { objects } = this.#collection(collection);
    const before = objects.get(`${namespace ?? ''}/${name}`);
    if (before) this.#commit(collection, 'DELETED', structuredClone(before), before);
  }

  list(collection: string): K8sObject[] {
    return [...this.#collection(collection).objects.values()];
  }

  get(collection: string, namespace: string | undefined, name: string): K8sObject | undefined {
    return this.#collection(collection).objects.get(`${namespace ?? ''}/${name}`);
  }

  /** Installs the CRD of a collection that was absent. */
  install(collection: string): void {
    this.absent.delete(collection);
    this.#installed.add(collection);
  }

  #discover(request: http.IncomingMessage, response: http.ServerResponse): void {
    const etag = `"${[...this.#installed].join()}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    const items = [...this.#installed].map((path) => {
      const [, , name, version, resource] = path.split('/');
      return { metadata: { name }, versions: [{ version, resources: [{ resource }] }] };
    });
    const body = JSON.stringify({ kind: 'APIGroupDiscoveryList', items });
    response.writeHead(200, { 'content-type': 'application/json', etag }).end(body);
  }

  /** Answers what it was asked while it hung; the watches that were open then stay mute. */
  wakeUp(): void {
    this.#isHung = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  hang(): void {
    this.#isHung = true;
    this.muteWatches();
  }

  /** Breaks every open watch in the middle. */
  cutWatches(): void {
    for (const { response } of this.#muted()) response.destroy();
  }

  /** Ends every open watch properly. */
  endWatches(): void {
    for (const { response } of this.#muted()) response.end();
  }

  /** Open watches hear nothing any more, and do not know it. */
  muteWatches(): void {
    this.#muted();
  }

  #muted(): Watcher[] {
    const open = this.#watchers();
    for (const { watchers } of this.#collections.values()) watchers.clear();
    return open;
  }

  get watchCount(): number {
    return this.#watchers().length;
  }

  /** Versions before now are forgotten: resumed watches get 410. */
  forget(): void {
    this.#forgotten = this.#version;
    for (const { changes } of this.#collections.values()) changes.length = 0;
  }

  bookmark(): void {
    const resourceVersion = String(++this.#version);
    for (const { response, kind } of this.#watchers()) response.write(bookmarkFor(kind, resourceVersion));
  }

  /** As the real server does near the end of a watch's timeout. */
  #endWithBookmark({ response, kind }: Watcher): void {
    response.end(bookmarkFor(kind, String(this.#version)));
  }

  /** Writes this text into every open watch. */
  garble(text: string): void {
    for (const { response } of this.#watchers()) response.write(text);
  }

  #kindOf({ req }: http.ServerResponse): string | undefined {
    return this.protobuf === 'spoken' ? protobufKind(req) : undefined;
  }

  #watchers(): Watcher[] {
    return [...this.#collections.values()].flatMap(({ watchers }) => [...watchers]);
  }

  #collection(path: string): Collection {
    let found = this.#collections.get(path);
    if (!found) this.#collections.set(path, (found = { objects: new Map(), changes: [], watchers: new Set() }));
    return found;
  }

  #commit(path: string, type: Change['type'], object: K8sObject, before: K8sObject | undefined): void {
    const { objects, changes, watchers } = this.#collection(path);
    object.metadata.resourceVersion = String(++this.#version);
    if (type === 'DELETED') objects.delete(keyOf(object));
    else objects.set(keyOf(object), object);
    const change = { version: this.#version, type, object, before };
    changes.push(change);
    for (const watcher of watchers) tell(watcher, change);
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const method = request.method ?? 'GET';
    this.calls.push({ method, path: request.url ?? '', body });
    this.accepts.push(request.headers.accept ?? '');
    if (this.#isHung) await new Promise<void>((resolve) => this.#held.push(resolve));
    const refusal = this.refuse(method, request.url ?? '');
    const parsed = PATH.exec(url.pathname);
    if (refusal !== undefined) {
      if (this.retryAfter !== undefined) response.setHeader('retry-after', this.retryAfter);
      return status(response, refusal, 'Refused');
    }
    if (typeof this.protobuf !== 'string' && protobufKind(request)) {
      if (typeof this.protobuf === 'number') return status(response, this.protobuf, 'NotAcceptable');
      return void response.writeHead(200, { 'content-type': this.protobuf.type }).end(this.protobuf.body);
    }
    const reviewed = method === 'POST' ? this.review(url.pathname, body) : undefined;
    if (reviewed) return send(response, 201, reviewed);
    if (url.pathname === '/apis') return this.#discover(request, response);
    if (!parsed) return status(response, 404, 'NotFound');
    const [, group, namespace, resource, name, sub] = parsed as unknown as string[];
    const collection = `${group}/${resource}`;
    if (this.absent.has(collection)) return status(response, 404, 'NotFound');
    if (name === undefined && method === 'GET') return this.#listOrWatch(collection, { namespace, url, response });
    this.#one(collection, {
      method,
      namespace,
      name,
      sub,
      body,
      contentType: request.headers['content-type'] ?? '',
      response,
    });
  }

  #listOrWatch(
    collection: string,
    { namespace, url, response }: { namespace: string | undefined; url: URL; response: http.ServerResponse },
  ): void {
    const selected = selector(url.searchParams.get('fieldSelector') ?? '');
    const label = url.searchParams.get('labelSelector');
    const labelled = ({ metadata }: K8sObject) => label === null || Object.hasOwn(metadata['labels'] ?? {}, label);
    const matches = (object: K8sObject) =>
      (namespace === undefined || object.metadata.namespace === namespace) && selected(object) && labelled(object);
    const found = this.#collection(collection);
    if (url.searchParams.get('watch') === 'true') return this.#watch(found, matches, { url, response });
    const limit = Number(url.searchParams.get('limit') ?? Infinity);
    const token = url.searchParams.get('continue');
    const [at, version] = token ? (token.split(':') as [string, string]) : ['0', String(this.#version)];
    if (token && Number(version) < this.#forgotten) return status(response, 410, 'Expired');
    const items = [...found.objects.values()].filter(matches);
    const page = items.slice(Number(at), Number(at) + limit);
    const next = Number(at) + page.length;
    const metadata = { resourceVersion: version, ...(next < items.length ? { continue: `${next}:${version}` } : {}) };
    send(response, 200, { kind: 'List', metadata, items: page }, this.#kindOf(response));
  }

  #watch(
    found: Collection,
    matches: Watcher['matches'],
    { url, response }: { url: URL; response: http.ServerResponse },
  ): void {
    const from = Number(url.searchParams.get('resourceVersion') ?? '0');
    const kind = this.#kindOf(response);
    response.writeHead(200, { 'content-type': watchType(kind) });
    response.flushHeaders();
    if (from < this.#forgotten) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(eventOf(kind, 'ERROR', object));
      return;
    }
    const watcher = { response, matches, kind };
    for (const change of found.changes) if (change.version > from) tell(watcher, change);
    found.watchers.add(watcher);
    const seconds = Number(url.searchParams.get('timeoutSeconds') ?? 600);
    const end = setTimeout(() => found.watchers.has(watcher) && this.#endWithBookmark(watcher), seconds * 1000);
    response.on('close', () => {
      clearTimeout(end);
      found.watchers.delete(watcher);
    });
  }

  #one(collection: string, call: OneCall): void {
    const { method, namespace, name, sub, body, response } = call;
    const { objects } = this.#collection(collection);
    if (method === 'POST' && name === undefined) {
      const object = body as K8sObject;
      if (namespace !== undefined) object.metadata.namespace = namespace;
      object.metadata['creationTimestamp'] = new Date().toISOString();
      if (objects.has(keyOf(object))) return status(response, 409, 'AlreadyExists');
      return send(response, 201, this.put(collection, object));
    }
    const known = objects.get(`${namespace ?? ''}/${name ?? ''}`);
    if (!known) return status(response, 404, 'NotFound');
    if (method === 'GET') return send(response, 200, known);
    if (sub === 'eviction') return this.#evict(collection, known, call);
    if (method === 'DELETE') {
      this.remove(collection, namespace, known.metadata.name);
      return send(response, 200, { kind: 'Status', status: 'Success' });
    }
    if (sub === 'binding') {
      const target = (body as { target: { name: string } }).target.name;
      this.put(collection, { ...known, spec: { ...known.spec, nodeName: target } });
      return send(response, 201, { kind: 'Status', status: 'Success' });
    }
    if (method === 'PATCH') return this.#patch(collection, known, call);
    status(response, 405, 'MethodNotAllowed');
  }

  #evict(collection: string, known: K8sObject, { body, response }: OneCall): void {
    const { deleteOptions } = body as { deleteOptions?: { preconditions?: { uid?: string } } };
    const uid = deleteOptions?.preconditions?.uid;
    if (uid !== undefined && uid !== known.metadata.uid) return status(response, 409, 'Conflict');
    if (this.protectedPods.has(known.metadata.name)) {
      const details = {
        causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget b needs 2 healthy pods' }],
      };
      const message = "Cannot evict pod as it would violate the pod's disruption budget.";
      return send(response, 429, { kind: 'Status', code: 429, reason: 'TooManyRequests', message, details });
    }
    if (this.hasGrace) {
      const metadata = { ...known.metadata, deletionTimestamp: new Date(Date.now() + 30_000).toISOString() };
      this.put(collection, { ...known, metadata });
    } else this.remove(collection, known.metadata.namespace, known.metadata.name);
    send(response, 201, { kind: 'Status', status: 'Success' });
  }

  #patch(collection: string, known: K8sObject, { body, contentType, response }: OneCall): void {
    let changed: K8sObject;
    try {
      changed = contentType.startsWith('application/json-patch')
        ? jsonPatch(structuredClone(known), body as JsonPatch)
        : (mergePatch(structuredClone(known), body) as K8sObject);
    } catch (error) {
      return status(response, 422, (error as Error).message);
    }
    if (changed.metadata.resourceVersion !== known.metadata.resourceVersion) return status(response, 409, 'Conflict');
    if (changed.metadata.uid !== known.metadata.uid) return status(response, 409, 'Conflict');
    send(response, 200, this.put(collection, changed));
  }
}

const bookmarkFor = (kind: string | undefined, resourceVersion: string) =>
  eventOf(kind, 'BOOKMARK', { metadata: { resourceVersion } });

interface OneCall {
  readonly method: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly sub: string | undefined;
  readonly body: unknown;
  readonly contentType: string;
  readonly response: http.ServerResponse;
}

const keyOf = ({ metadata }: K8sObject) => `${metadata.namespace ?? ''}/${metadata.name}`;

/** @param kind as `protobufKind` says */
function send(response: http.ServerResponse, code: number, body: object, kind?: string): void {
  const { type, bytes } = bodyOf(kind, body as Record<string, unknown>);
  response.writeHead(code, { 'content-type': type }).end(bytes);
}

function status(response: http.ServerResponse, code: number, reason: string): void {
  const body = { kind: 'Status', code, reason, message: reason };
  send(response, code, body, protobufKind(response.req));
}

/** An object that begins or ceases to match is ADDED or DELETED for the watcher, as in the real server. */
function tell({ response, matches, kind }: Watcher, { type, object, before }: Change): void {
  const [was, is] = [before !== undefined && matches(before), type !== 'DELETED' && matches(object)];
  if (!was && !is) return;
  const seen = was && is ? 'MODIFIED' : is ? 'ADDED' : 'DELETED';
  response.write(eventOf(kind, seen, object));
}

/** `a.b!=c,d.e=f`. */
function selector(text: string): (object: K8sObject) => boolean {
  const terms = text.split(',').filter((term) => term !== '');
  return (object) =>
    terms.every((term) => {
      const [path, wanted] = term.split(/!?=/) as [string, string];
      const value = path
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
      return ((value ?? '') === wanted) !== term.includes('!=');
    });
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const out = { ...(typeof target === 'object' ? (target as Record<string, unknown>) : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
}

type JsonPatch = readonly { op: 'add' | 'remove' | 'replace' | 'test'; path: string; value?: unknown }[];

function jsonPatch(object: K8sObject, patch: JsonPatch): K8sObject {
  for (const { op, path, value } of patch) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop()!;
    const parent = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, object);
    if (op === 'test') {
      if (JSON.stringify(parent[last]) !== JSON.stringify(value)) throw new Error(`test ${path} failed`);
    } else if (op === 'remove') delete parent[last];
    else parent[last] = value;
  }
  return object;
}
