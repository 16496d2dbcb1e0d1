/**
 * Manifests for `kubectl apply`. Kubernetes stores objects of up to about 1.5 MB, so a long list becomes several objects:
 * `name`, `name-2`, … All have the label `acr-addresses: <name>`, by which policies select them.
 */
import { endComment, headingLine } from './comments.ts';
import { nameList } from './label.ts';
import { chunksOf, type PrefixRow, type RenderOptions } from './prefixRow.ts';

const maxPrefixesPerObject = 5000;
/** A label value has at most 63 characters, and `-99` needs three of them. */
const maxName = 60;
/** Kubernetes' limit for all annotations of one object together. */
const maxAnnotationBytes = 262_144;

/** Pods with the label `acr-addresses: <name>` accept connections from these prefixes only. */
export function renderNetworkPolicy(rows: readonly PrefixRow[], options: RenderOptions): string {
  return policies(rows, options, { type: 'Ingress', member: 'ingress', peers: 'from' });
}

/** Pods with the label `acr-addresses: <name>` open connections to these prefixes only. */
export function renderNetworkPolicyEgress(rows: readonly PrefixRow[], options: RenderOptions): string {
  return policies(rows, options, { type: 'Egress', member: 'egress', peers: 'to' });
}

interface Direction {
  readonly type: string;
  readonly member: string;
  readonly peers: string;
}

function policies(rows: readonly PrefixRow[], options: RenderOptions, direction: Direction): string {
  const { type, member, peers } = direction;
  const head = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
  return manifests(rows, options, head, (own, label) => [
    '  podSelector:\n    matchLabels:\n',
    `      acr-addresses: ${quoted(label)}\n`,
    `  policyTypes: [${type}]\n`,
    `  ${member}:\n    - ${peers}:\n`,
    ...own.map((row) => `        - ipBlock: { cidr: ${quoted(row.prefix)} }${endComment(row, options)}\n`),
  ]);
}

/** A CiliumCIDRGroup; policies refer to it with `fromCIDRSet` and `cidrGroupSelector`. */
export function renderCilium(rows: readonly PrefixRow[], options: RenderOptions): string {
  const head = { apiVersion: 'cilium.io/v2', kind: 'CiliumCIDRGroup' };
  return manifests(rows, options, head, (own) => ['  externalCIDRs:\n', ...items(own, options)]);
}

/** A GlobalNetworkSet; policies refer to it with a label `selector`. */
export function renderCalico(rows: readonly PrefixRow[], options: RenderOptions): string {
  const head = { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkSet' };
  return manifests(rows, options, head, (own) => ['  nets:\n', ...items(own, options)]);
}

function items(rows: readonly PrefixRow[], options: RenderOptions): string[] {
  return rows.map((row) => `    - ${quoted(row.prefix)}${endComment(row, options)}\n`);
}

function manifests(
  rows: readonly PrefixRow[],
  options: RenderOptions,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  toSpec: (rows: readonly PrefixRow[], label: string) => readonly string[],
): string {
  const label = nameList(options, maxName);
  const objects = chunksOf(rows, maxPrefixesPerObject).map((own, index) => {
    const name = index === 0 ? label : `${label}-${index + 1}`;
    return [
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${quoted(name)}\n`,
      `  labels:\n    acr-addresses: ${quoted(label)}\nspec:\n`,
      ...toSpec(own, label),
    ].join('');
  });
  return `${headingLine(options)}${objects.join('---\n')}`;
}

/** A patch for `kubectl patch ingress NAME --patch-file`. The controller reads the list from one annotation. */
export function renderIngressNginx(rows: readonly PrefixRow[], options: RenderOptions): string {
  const value = rows.map((row) => row.prefix).join(',');
  const excess = `# ${value.length} bytes: Kubernetes refuses more than ${maxAnnotationBytes}. Ask for fewer regions.\n`;
  return [
    headingLine(options),
    value.length > maxAnnotationBytes ? excess : '',
    'metadata:\n  annotations:\n',
    `    nginx.ingress.kubernetes.io/whitelist-source-range: ${quoted(value)}\n`,
  ].join('');
}

/** Needs no escaping: names and prefixes contain no character that is special in double-quoted YAML. */
function quoted(text: string): string {
  return `"${text}"`;
}
