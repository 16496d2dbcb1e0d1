/** The table of list formats: which program reads each of them, and which function renders it. */
import { renderApache } from './apache.ts';
import { renderAwsPrefixList } from './awsPrefixList.ts';
import { renderHaproxy } from './haproxy.ts';
import { renderIpset } from './ipset.ts';
import { renderIptables } from './iptables.ts';
import {
  renderCalico,
  renderCilium,
  renderIngressNginx,
  renderNetworkPolicy,
  renderNetworkPolicyEgress,
} from './kubernetes.ts';
import { renderNftables } from './nftables.ts';
import { renderNginx } from './nginx.ts';
import type { RenderRows } from './prefixRow.ts';
import { renderTerraform } from './terraform.ts';
import { renderText } from './text.ts';

export interface ListFormat {
  /** The program that reads it, and how. The API's list of formats shows this text. */
  readonly reader: string;
  readonly mediaType: 'text/plain' | 'application/json' | 'application/yaml';
  /** Whether the format can name the tags of each prefix (`comment=true`). */
  readonly comments: boolean;
  readonly render: RenderRows;
}

const text = { mediaType: 'text/plain', comments: true } as const;
const yaml = { mediaType: 'application/yaml', comments: true } as const;

export const listFormats = {
  text: { ...text, reader: 'firewalls that poll a URL, scripts: one prefix per line', render: renderText },
  nginx: { ...text, reader: 'nginx: include before deny all;', render: renderNginx },
  haproxy: { ...text, reader: 'HAProxy: acl NAME src -f FILE', render: renderHaproxy },
  apache: { ...text, reader: 'Apache httpd: Include in <RequireAny>', render: renderApache },
  ipset: { ...text, reader: 'ipset restore', render: renderIpset },
  nftables: { ...text, reader: 'nft -f: sets in the table inet filter', render: renderNftables },
  iptables: {
    ...text,
    reader: 'iptables-restore --noflush and ip6tables-restore --noflush',
    render: renderIptables,
  },
  terraform: { ...text, reader: 'Terraform and OpenTofu: a file with locals', render: renderTerraform },
  networkpolicy: { ...yaml, reader: 'kubectl apply: Kubernetes NetworkPolicy, ingress', render: renderNetworkPolicy },
  'networkpolicy-egress': {
    ...yaml,
    reader: 'kubectl apply: Kubernetes NetworkPolicy, egress',
    render: renderNetworkPolicyEgress,
  },
  cilium: { ...yaml, reader: 'kubectl apply: CiliumCIDRGroup', render: renderCilium },
  calico: { ...yaml, reader: 'kubectl apply or calicoctl apply: Calico GlobalNetworkSet', render: renderCalico },
  'ingress-nginx': {
    ...yaml,
    comments: false,
    reader: 'kubectl patch ingress NAME --patch-file FILE',
    render: renderIngressNginx,
  },
  aws: {
    mediaType: 'application/json',
    comments: true,
    reader: 'AWS managed prefix lists: the AWS CLI, Terraform',
    render: renderAwsPrefixList,
  },
} as const satisfies Readonly<Record<string, ListFormat>>;

export type ListFormatName = keyof typeof listFormats;
export const listFormatNames = Object.keys(listFormats) as readonly ListFormatName[];
