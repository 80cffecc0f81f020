/** The remedy for each error. Codes are stable; a test compares this list with docs/errors.md, both ways. */
const REMEDIES = {
  MUSTER_QUANTITY_INVALID: 'Write a Kubernetes quantity such as 500m, 4 or 8Gi.',
  MUSTER_OBJECT_INVALID: 'Compare the object with what kubectl get -o json prints.',
  MUSTER_FILE_UNREADABLE: 'Check the path and the permissions.',
  MUSTER_POLICY_INVALID:
    'See docs/policies.md for every field of a policy, docs/queues.md for queues, docs/rates.md for rates and addresses.',
  MUSTER_TRACE_INVALID: 'See docs/traces.md for the format of each trace.',
  MUSTER_RESULT_INVALID: 'Give files that muster replay (--json, --jobs) or muster sweep wrote, each of them once.',
  MUSTER_HISTORY_INVALID: 'Give what muster wrote as its history; without it muster learns run times again.',
  MUSTER_PAST_RUNS_INVALID: 'See docs/run-times.md for what muster history import reads.',
  MUSTER_WIRE_BAD_BODY: 'Compare the sender with docs/wire.md.',
  MUSTER_USAGE: 'Run muster --help, or muster COMMAND --help.',
  MUSTER_ASK_FAILED: 'See docs/cli.md for how muster is found and who may ask it.',
  MUSTER_NOT_SYNCED: 'Wait until /readyz answers 200; kube-scheduler asks again by itself.',
  MUSTER_BUSY: 'Ask again in a few seconds.',
  MUSTER_POD_UNKNOWN: 'kube-scheduler asks again by itself; if it goes on, compare muster_snapshot_behind_seconds.',
  MUSTER_WEBHOOK_INVALID: 'See docs/webhook.md and scheduler-config/webhook.example.yaml.',
  MUSTER_KUBE_CONFIG: 'Give --kubeconfig FILE, set KUBECONFIG, or run in a pod with a service account.',
  MUSTER_INVARIANT_BROKEN: 'This is a bug in muster: please report it with the input that led to it.',
} as const;

export type ErrorCode = keyof typeof REMEDIES;

/** Bad input or a broken invariant. That a gang has to wait is no error, but a value with a reason. */
export class MusterError extends Error {
  override readonly name = 'MusterError';
  readonly code: ErrorCode;
  /** The sentence that says what is wrong, without remedy and code. */
  readonly what: string;

  /** @param what the place, the field and the value that are wrong, as one sentence that ends with a full stop */
  constructor(code: ErrorCode, what: string, options?: { readonly cause: unknown }) {
    super(`${what} ${REMEDIES[code]} [${code}]`, options);
    this.code = code;
    this.what = what;
  }
}
