import { counted } from '../../core/wording.ts';
import { FIRST_WITH_BATCHING, FIRST_WITH_SHORT_REASONS, minorOf, type Choice } from './choice.ts';
import type { Facts } from './facts.ts';
import { MANY_NODES, USUAL_IMAGE } from './flags.ts';

/** The newest minor version of kube-scheduler that the tests run: docs/support-matrix.md. */
const NEWEST_TESTED = 36;

/**
 * Why the manifests are as they are, and what is left to do, a line each.
 * @param facts undefined: no cluster was looked at
 */
export function noteLines(choice: Choice, facts: Facts | undefined): readonly string[] {
  return [...clusterNotes(choice, facts), ...versionNotes(choice), ...needs(choice, facts), ...leftToDo(choice)];
}

function clusterNotes({ mode, version, isSmall }: Choice, facts: Facts | undefined): readonly string[] {
  if (facts === undefined)
    return [
      `no cluster was looked at: kube-scheduler ${version}, sampling of nodes as kube-scheduler does by itself (--kubeconfig)`,
    ];
  const seen = `${facts.server}: Kubernetes ${facts.gitVersion}, ${counted(facts.nodes, 'node')}`;
  // With `main` the configuration of kube-scheduler lies on the hosts.
  if (mode === 'main') {
    const hint = isSmall ? ['in /etc/kubernetes/muster/main.yaml set percentageOfNodesToScore: 100'] : [];
    return [seen, ...hint];
  }
  const why = isSmall
    ? `percentageOfNodesToScore: 100, which is faster below ${MANY_NODES.toLocaleString('en-US')} nodes`
    : 'percentageOfNodesToScore is left to kube-scheduler, which is faster with so many nodes';
  return [seen, why];
}

function versionNotes({ mode, version }: Choice): readonly string[] {
  const minor = minorOf(version);
  if (mode === 'main') return [];
  return [
    ...(minor < FIRST_WITH_BATCHING
      ? [`kube-scheduler ${version}: before 1.${FIRST_WITH_BATCHING}, without the gate OpportunisticBatching`]
      : []),
    ...(minor < FIRST_WITH_SHORT_REASONS ? [`kube-scheduler ${version}: before 1.31, with MUSTER_REASONS=all`] : []),
    ...(minor > NEWEST_TESTED
      ? [`kube-scheduler ${version} is newer than what the tests of this muster run (1.${NEWEST_TESTED})`]
      : []),
  ];
}

/** What the cluster lacks. */
function needs(choice: Choice, facts: Facts | undefined): readonly string[] {
  const { mode, webhook, alerts, serviceMonitor, provisioning } = choice;
  const says = facts === undefined ? 'the cluster needs' : 'the cluster lacks';
  const certificates = [...(mode === 'service-mtls' ? ['mode service-mtls'] : []), ...(webhook ? ['the webhook'] : [])];
  const operator = [...(alerts ? ['alerts'] : []), ...(serviceMonitor ? ['the service monitor'] : [])];
  return [
    ...(certificates.length > 0 && !facts?.hasCertManager
      ? [`${says} cert-manager, for ${certificates.join(' and ')}`]
      : []),
    ...(provisioning && !facts?.hasProvisioningRequests
      ? [`${says} ProvisioningRequests of cluster-autoscaler, for --provisioning`]
      : []),
    ...(operator.length > 0 && !facts?.hasPrometheusOperator
      ? [`${says} the Prometheus operator, for ${operator.join(' and ')}`]
      : []),
  ];
}

function leftToDo({ mode, image, namespace, policy }: Choice): readonly string[] {
  if (mode === 'main') {
    const rights =
      "these are muster's rights; muster itself is a static pod on each control-plane host (docs/install-modes.md)";
    return policy === undefined
      ? [rights]
      : [rights, '--policy: put the file into /etc/kubernetes/muster on each host'];
  }
  return [
    ...(image === USUAL_IMAGE ? [`${image} stands for an image of yours: --image`] : []),
    ...(/@sha256:/.test(image) ? [] : ['a tag may move: name the image by its digest']),
    `then: kubectl -n ${namespace} rollout status deployment/muster`,
  ];
}
