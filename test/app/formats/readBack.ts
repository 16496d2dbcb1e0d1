/** Strict readers of every format, by its published grammar: each gives the prefixes, and throws at anything else. */
import { parse as parseCsv } from 'csv-parse/sync';
import { parseAllDocuments } from 'yaml';
import { familyOf, isPrefix, parsePrefix } from '../../../src/core/prefixes.ts';
import type { ListFormatName } from '../../../src/app/formats/listFormats.ts';

type Reader = (text: string) => readonly string[];

/** Printable ASCII and line feeds: no other character has a place in a list for machines. */
function linesOf(text: string): readonly string[] {
  if (/[^\x20-\x7e\n]/.test(text) || !text.endsWith('\n')) throw new Error('not printable lines');
  return text.slice(0, -1).split('\n');
}

function matchLine(line: string, pattern: RegExp): string {
  const prefix = pattern.exec(line)?.[1];
  if (prefix === undefined || !isPrefix(prefix) || parsePrefix(prefix).text !== prefix)
    throw new Error(`line: ${line}`);
  return prefix;
}

/** Lines of one pattern, and comment lines. */
function readLines(text: string, pattern: RegExp): readonly string[] {
  const lines = linesOf(text).filter((line) => !line.startsWith('#'));
  return lines.map((line) => matchLine(line, pattern));
}

/** One prefix or several after the words. httpd refuses a line of more than 8,190 characters. */
function readApache(text: string): readonly string[] {
  const lines = linesOf(text).filter((line) => !line.startsWith('#'));
  return lines.flatMap((line) => {
    const list = /^Require ip (.+)$/.exec(line)?.[1];
    if (list === undefined || line.length > 8190) throw new Error(`line: ${line}`);
    return list.split(' ').map((prefix) => matchLine(prefix, /^(\S+)$/));
  });
}

function readNftables(text: string): readonly string[] {
  const sets = new Map<string, string>();
  const found: string[] = [];
  let open: string | undefined;
  for (const line of linesOf(text).filter((candidate) => !candidate.startsWith('#'))) {
    const set = /^add set inet filter (\w+) \{ type (ipv[46])_addr; flags interval; auto-merge; \}$/.exec(line);
    const start = /^add element inet filter (\w+) \{$/.exec(line);
    if (set) sets.set(set[1]!, set[2]!);
    else if (start) open = start[1]!;
    else if (line === '}' && open !== undefined) open = undefined;
    else if (open === undefined) {
      const flushed = /^flush set inet filter (\w+)$/.exec(line)?.[1];
      if (line !== 'add table inet filter' && !sets.has(flushed ?? '')) throw new Error(`line: ${line}`);
    } else {
      const prefix = matchLine(line, /^ {2}([^ ,]+),(?: #.*)?$/);
      if (sets.get(open) !== familyOf(prefix)) throw new Error(`family: ${line}`);
      found.push(prefix);
    }
  }
  return found;
}

function readIptables(text: string): readonly string[] {
  const lines = linesOf(text).filter((line) => !line.startsWith('#'));
  const chain = /^:([a-z0-9-]{1,28}) - \[0:0\]$/.exec(lines[1] ?? '')?.[1];
  if (lines[0] !== '*filter' || chain === undefined || lines.at(-1) !== 'COMMIT') throw new Error('not a table');
  // A long list goes in by several transactions.
  const rules = lines.slice(2, -1).filter((line) => line !== 'COMMIT' && line !== '*filter');
  return rules.map((line) => {
    const prefix = matchLine(line, new RegExp(`^-[46] -A ${chain} -s (\\S+) -j ACCEPT$`));
    if (line.startsWith('-6') !== (familyOf(prefix) === 'ipv6')) throw new Error(`family: ${line}`);
    return prefix;
  });
}

function readIpset(text: string): readonly string[] {
  return linesOf(text)
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => {
      if (/^create [a-z0-9-]{1,31} hash:net family inet6? hashsize \d+ maxelem \d+ -exist$/.test(line)) return [];
      if (/^(flush|destroy) [a-z0-9-]{1,31}$/.test(line) || /^swap [a-z0-9-]{1,31} [a-z0-9-]{1,31}$/.test(line))
        return [];
      return [matchLine(line, /^add [a-z0-9-]{1,31} (\S+) -exist$/)];
    });
}

function readTerraform(text: string): readonly string[] {
  return linesOf(text)
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => {
      if (line === '' || line === 'locals {' || line === '}' || line === '  ]') return [];
      if (/^ {2}[a-z_][a-z0-9_]*_ipv[46] = \[$/.test(line)) return [];
      return [matchLine(line, /^ {4}"([^"]+)",(?: # [^"]*)?$/)];
    });
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** RFC 1123 subdomain of one label, and the value of a label. */
const objectName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function readManifests(
  text: string,
  kind: string,
  read: (spec: Manifest['spec']) => readonly string[],
): readonly string[] {
  linesOf(text);
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) throw new Error('no document');
  const names = new Set<string>();
  return documents.flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    const { metadata, spec, ...rest } = document.toJS() as Manifest;
    if (rest.kind !== kind || !objectName.test(metadata.name) || names.has(metadata.name))
      throw new Error(metadata.name);
    if (!objectName.test(metadata.labels['acr-addresses'] ?? '')) throw new Error('label');
    names.add(metadata.name);
    return read(spec);
  });
}

interface Policy {
  readonly policyTypes: readonly string[];
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly ingress?: readonly { readonly from: Peers }[];
  readonly egress?: readonly { readonly to: Peers }[];
}
type Peers = readonly { readonly ipBlock: { readonly cidr: string } }[];

function readPolicy(text: string, type: 'Ingress' | 'Egress'): readonly string[] {
  return readManifests(text, 'NetworkPolicy', (spec) => {
    const { policyTypes, podSelector, ingress = [], egress = [] } = spec as unknown as Policy;
    if (policyTypes.join() !== type) throw new Error(`policyTypes: ${policyTypes.join()}`);
    // A policy without a selector would cut off every pod of the namespace.
    if (Object.keys(podSelector.matchLabels).length === 0) throw new Error('selects every pod');
    const peers = type === 'Ingress' ? ingress.flatMap(({ from }) => from) : egress.flatMap(({ to }) => to);
    return peers.map(({ ipBlock }) => ipBlock.cidr);
  });
}

const annotation = 'nginx.ingress.kubernetes.io/whitelist-source-range';

interface AwsList {
  readonly PrefixListName: string;
  readonly AddressFamily: string;
  readonly MaxEntries: number;
  readonly Entries: readonly { readonly Cidr: string; readonly Description?: string }[];
}

function readAws(text: string): readonly string[] {
  linesOf(text);
  const lists = JSON.parse(text) as readonly AwsList[];
  if (new Set(lists.map(({ PrefixListName }) => PrefixListName)).size !== lists.length) throw new Error('names');
  return lists.flatMap(({ PrefixListName, AddressFamily, MaxEntries, Entries }) => {
    // The API refuses names that start with com.amazonaws, and more than 1000 entries.
    if (!/^[a-z0-9-]{1,255}$/.test(PrefixListName) || MaxEntries > 1000 || Entries.length > MaxEntries)
      throw new Error(PrefixListName);
    return Entries.map(({ Cidr, Description = '' }) => {
      if (familyOf(Cidr) !== AddressFamily.toLowerCase() || Description.length > 255) throw new Error(Cidr);
      return Cidr;
    });
  });
}

export const readers: Readonly<Record<ListFormatName, Reader>> = {
  text: (text) => linesOf(text).map((line) => matchLine(line, /^(\S+)(?: # [^#]*)?$/)),
  nginx: (text) => readLines(text, /^allow (\S+);(?: # [^;{}]*)?$/),
  haproxy: (text) => readLines(text, /^(\S+)$/),
  apache: readApache,
  ipset: readIpset,
  nftables: readNftables,
  iptables: readIptables,
  terraform: readTerraform,
  networkpolicy: (text) => readPolicy(text, 'Ingress'),
  'networkpolicy-egress': (text) => readPolicy(text, 'Egress'),
  cilium: (text) => readManifests(text, 'CiliumCIDRGroup', ({ externalCIDRs }) => externalCIDRs as readonly string[]),
  calico: (text) => readManifests(text, 'GlobalNetworkSet', ({ nets }) => nets as readonly string[]),
  'ingress-nginx': (text) => {
    linesOf(text);
    const [document] = parseAllDocuments(text);
    const { metadata } = document?.toJS() as { metadata: { annotations: Readonly<Record<string, string>> } };
    return (metadata.annotations[annotation] ?? '').split(',');
  },
  aws: readAws,
};

export function readCsv(text: string): readonly Readonly<Record<string, string>>[] {
  return parseCsv(text, { columns: true });
}
