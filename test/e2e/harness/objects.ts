/** What the tests read of a pod. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly schedulerName: string;
    readonly containers: readonly { readonly resources?: { readonly requests?: Readonly<Record<string, string>> } }[];
  };
  readonly status: {
    readonly phase: string;
    readonly startTime?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

export const podPath = ({ metadata: { namespace, name } }: Pick<Pod, 'metadata'>) =>
  `/api/v1/namespaces/${namespace}/pods/${name}`;

export const isOver = ({ status: { phase } }: Pod) => phase === 'Succeeded' || phase === 'Failed';
