import { asObject, flagAt, nameAt, objectAt, textAt, textsAt, type Json } from '../intake/field.ts';
import { ApiError, type Transport } from './transport.ts';

/** Somebody whom the API server knows. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  /** What authenticators add, such as the scopes of a token. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What somebody may list: all of a kind, or those of one namespace. */
export interface Listing {
  readonly resource: 'pods' | 'nodes';
  /** Absent: in all namespaces. */
  readonly namespace?: string;
}

/** Asks the API server who somebody is, and what they may do. Each call is a request. */
export interface AccessReviews {
  /** @returns undefined: the token is not valid. @throws ApiError, a system error, MusterError for an odd answer */
  whoIs(token: string): Promise<UserInfo | undefined>;
  /** @throws as `whoIs` */
  mayList(user: UserInfo, listing: Listing): Promise<boolean>;
}

/** A person waits. */
const TIMEOUT_MS = 5000;

/** Needs the right to create TokenReviews and SubjectAccessReviews. */
export function accessReviews(transport: Pick<Transport, 'request'>): AccessReviews {
  const review = async (group: string, kind: string, spec: object) => {
    const apiVersion = `${group}.k8s.io/v1`;
    const path = `/apis/${apiVersion}/${kind.toLowerCase()}s`;
    const answer = await transport.request({
      method: 'POST',
      path,
      body: { apiVersion, kind, spec },
      timeoutMs: TIMEOUT_MS,
    });
    return objectAt(asObject(answer, kind), 'status', kind) ?? {};
  };
  return {
    async whoIs(token) {
      const status = await review('authentication', 'TokenReview', { token });
      if (!flagAt(status, 'authenticated', 'TokenReview.status')) return undefined;
      return userIn(asObject(status['user'], 'TokenReview.status.user'));
    },
    async mayList({ username: user, uid, groups, extra }, { resource, namespace = '' }) {
      const resourceAttributes = { verb: 'list', resource, version: 'v1', namespace };
      const who = { user, groups, extra, ...(uid === undefined ? {} : { uid }) };
      const status = await review('authorization', 'SubjectAccessReview', { ...who, resourceAttributes });
      return flagAt(status, 'allowed', 'SubjectAccessReview.status');
    },
  };
}

function userIn(user: Json): UserInfo {
  const where = 'TokenReview.status.user';
  const uid = textAt(user, 'uid', where);
  const extra = objectAt(user, 'extra', where) ?? {};
  return {
    username: nameAt(user, 'username', where),
    ...(uid === undefined ? {} : { uid }),
    groups: textsAt(user, 'groups', where),
    extra: Object.fromEntries(Object.keys(extra).map((key) => [key, textsAt(extra, key, `${where}.extra`)])),
  };
}

/** What went wrong, for people; never the token. */
export function troubleOf(error: unknown): string {
  const { message } = error as Error;
  return error instanceof ApiError && error.status === 403
    ? `${message} (muster needs the rights of deploy/components/console-rbac)`
    : message;
}
