import type { FakeApiServer } from './fake-api-server.ts';

/** A user of the fake API server. */
export interface FakeUser {
  /** `*`: all; else namespaces. */
  readonly pods: '*' | readonly string[];
  readonly nodes?: boolean;
}

interface Review {
  readonly spec: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: { readonly verb: string; readonly resource: string; readonly namespace: string };
  };
}

const TOKENS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** Makes the API server answer TokenReviews and SubjectAccessReviews. @param users by token, which is also their name */
export function reviewBy(api: FakeApiServer, users: ReadonlyMap<string, FakeUser>): void {
  api.review = (path, body) => {
    const { token, user, resourceAttributes } = (body as Review).spec ?? {};
    if (path === TOKENS) {
      if (!users.has(token!)) return { status: { authenticated: false, error: 'invalid bearer token' } };
      return { status: { authenticated: true, user: { username: token, groups: ['g'], extra: { scope: ['x'] } } } };
    }
    if (path !== ACCESS) return undefined;
    const { verb, resource, namespace } = resourceAttributes!;
    const { pods, nodes = false } = users.get(user!) ?? { pods: [] };
    const isAllowed = resource === 'nodes' ? nodes : pods === '*' || pods.includes(namespace);
    return { status: { allowed: verb === 'list' && isAllowed } };
  };
}

/** How many reviews of each kind were asked for. */
export function reviewsAsked({ calls }: FakeApiServer): { readonly tokens: number; readonly access: number } {
  const asked = (path: string) => calls.filter((call) => call.path === path).length;
  return { tokens: asked(TOKENS), access: asked(ACCESS) };
}
