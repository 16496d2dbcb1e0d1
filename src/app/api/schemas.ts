/** Schemas that several routes share. Their messages only say what is accepted; `parseRequest.ts` adds the field and value. */
import * as z from 'zod';
import { addressFamilies } from '../../core/prefixes.ts';
import { fates } from '../../core/plan/plan.ts';
import { snapshotIdPattern } from '../../core/serviceTags/contentHash.ts';
import { normalizeRegion } from '../../core/serviceTags/regions.ts';
import { clouds, defaultServiceTag } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotChoice } from '../queries/snapshotLibrary.ts';
import { targetNamePattern } from '../../core/targets/target.ts';
import { targetStatuses } from '../../core/targets/targetState.ts';

const maxListItems = 50;

/** `accepted` describes the pattern in words; it is the message for any other value. */
export function matching(pattern: RegExp, accepted: string): z.ZodString {
  return z.string(accepted).regex(pattern, accepted);
}

function commaList(item: string, what: string): z.ZodType<readonly string[], string> {
  return matching(new RegExp(`^${item}(,${item})*$`), `${what}, several with commas`)
    .max(4000, `${what}, at most 4000 characters together`)
    .transform((text) => [...new Set(text.split(','))])
    .refine((list) => list.length <= maxListItems, `at most ${maxListItems} of them`);
}

const tagItem = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}';
export const tagPattern = new RegExp(`^${tagItem}$`);
export const tagList = commaList(tagItem, 'service tags such as Storage.WestEurope')
  .default([defaultServiceTag])
  .describe('Service tags, separated by commas; or repeat the parameter.');
export const moreTags = commaList(tagItem, 'service tags such as Storage.WestEurope')
  .default([])
  .describe('Further service tags, separated by commas; or repeat the parameter.');
const regionItem = ' *[A-Za-z0-9][A-Za-z0-9 ]{0,59}';
export const regionList = commaList(regionItem, 'ARM locations such as westeurope or West Europe')
  .transform((regions) => [...new Set(regions.map(normalizeRegion))])
  .default([])
  .describe('ARM locations, separated by commas. Without it: all regions of the tag.');

export const statusList = commaList(`(?:${targetStatuses.join('|')})`, targetStatuses.join(', '))
  .optional()
  .describe('Only targets with these statuses, such as held, or failed,blocked.');

export const family = z.enum([...addressFamilies, 'all']).default('all');
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

export const shard = matching(/^[1-9]\d?\/[1-9]\d?$/, 'i/n such as 1/3, n at most 99')
  .transform((text) => {
    const [index = 1, count = 1] = text.split('/').map(Number);
    return { index, count };
  })
  .refine(({ index, count }) => index <= count, 'i/n such as 1/3, i at most n')
  .optional()
  .describe(
    'One part of the list: 1/3 is the first of three. A small change of the list moves few lines between parts.',
  );

const snapshotIdAccepted = 'an id that GET snapshots lists';
export const snapshotId = matching(snapshotIdPattern, snapshotIdAccepted);

export const listName = matching(/^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$/, 'up to 24 of a-z, 0-9 and -, a letter first')
  .optional()
  .describe('Name of the set, list or object, in formats that have one. Default: the tags and regions.');

const isoForms = [z.iso.date(), z.iso.datetime({ offset: true })] as const;
const isoMessage = 'an ISO date such as 2026-07-20, or a time such as 2026-07-20T12:00:00Z';
export const isoDate = z.union(isoForms, isoMessage).describe('An ISO date, or a time with its offset.');
/** One flat union: the message for a nested one would name only a part of what is accepted. */
export const snapshotOrDate = z.union([snapshotId, ...isoForms], `${snapshotIdAccepted}, or ${isoMessage}`);

/** The day, UTC, of an ISO date or time: releases are dated by day. */
export function toDay(iso: string): string {
  return iso.length === 10 ? iso : new Date(iso).toISOString().slice(0, 10);
}

/** The snapshot with this id, or the newest one on or before that day. */
export function toReference(idOrDate: string): SnapshotChoice {
  return snapshotId.safeParse(idOrDate).success ? { snapshot: idOrDate } : { asOf: toDay(idOrDate) };
}

/** The instant of an ISO time; for a date the end of that day, UTC. */
export function toInstant(iso: string): string {
  return iso.length === 10 ? `${iso}T23:59:59.999Z` : new Date(iso).toISOString();
}

export function limit(max: number): z.ZodCoercedNumber {
  const accepted = `a whole number from 1 to ${max}`;
  return z.coerce.number(accepted).int(accepted).min(1, accepted).max(max, accepted);
}
export const continuation = matching(/^[\w~.=-]{1,2000}$/, 'the continuation of the previous page')
  .optional()
  .describe('The continuation of the previous page.');

export const targetName = matching(targetNamePattern, 'a target name, [a-z0-9-]{1,40}');

export const snapshotSelector = {
  snapshot: snapshotId.optional().describe('Answer from this snapshot.'),
  asOf: isoDate.optional().describe('Answer from the newest list of that day or before.'),
};

export function toSnapshotChoice({ snapshot, asOf }: SnapshotChoice): SnapshotChoice {
  return { snapshot, asOf: asOf === undefined ? undefined : toDay(asOf) };
}

export const oneSelector: [
  (query: { snapshot?: unknown; asOf?: unknown }) => boolean,
  { message: string; path: string[] },
] = [
  (query) => query.snapshot === undefined || query.asOf === undefined,
  { message: 'either snapshot or asOf, not both', path: ['asOf'] },
];

// Answers. A member may be added at any time, so objects are open.
export const prefix = z.string().describe('A prefix such as 20.42.66.0/23 or 2603:1030::/48.');
export const prefixes = z.array(prefix);
export const reason = z.looseObject({ code: z.string(), message: z.string(), prefixes: prefixes.optional() });

export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
});

const lookupMatch = z.looseObject({
  tag: z.string(),
  region: z.string(),
  systemService: z.string(),
  prefix,
});

export const lookupAnswer = z.looseObject({
  ip: z.string(),
  snapshot: z.string(),
  matches: z.array(lookupMatch).describe('Most specific first.'),
});

export const quarantine = z.array(
  z.looseObject({
    tag: z.string(),
    kind: z.string(),
    reason: z.string(),
    baseline: z.string(),
    since: z.string(),
    confirmations: z.int(),
  }),
);

export const withheld = z.array(
  z.looseObject({
    tag: z.string(),
    prefix,
    kind: z.enum(['specialPurpose', 'widestPrefix', 'maxAddedAddresses', 'maxAddedPrefixes']),
    reason: z.string(),
  }),
);

export const snapshotSummary = z.looseObject({
  id: z.string(),
  cloud: z.enum(clouds),
  date: z.string(),
  changeNumber: z.number(),
  contentHash: z.string(),
  pulledAt: z.string(),
  tagCount: z.int(),
  prefixCount: z.int(),
  previous: z.string().optional(),
  quarantine,
});

export const publishedTag = z.looseObject({
  name: z.string(),
  id: z.string(),
  properties: z.looseObject({
    changeNumber: z.number(),
    region: z.string(),
    regionId: z.number().optional(),
    platform: z.string().optional(),
    systemService: z.string(),
    addressPrefixes: prefixes,
    networkFeatures: z.array(z.string()).nullable().optional(),
  }),
});

export const tagChange = z.looseObject({ added: prefixes, removed: prefixes });

const planItem = z.looseObject({
  prefix,
  tag: z.string().nullable().describe('The service tag that lists it; null: none does.'),
  region: z.string().nullable().describe('ARM location; null: not known, or of all regions.'),
  addresses: z.number(),
  fate: z.enum(fates),
  change: z.enum(['add', 'remove']).optional().describe('What waits; with needsApproval and doesNotFit only.'),
  why: z.looseObject({ code: z.string(), message: z.string() }).nullable().describe('One sentence about this prefix.'),
  since: z.string().nullable().describe('ISO time since when the list has omitted it.'),
  firstListed: z.string().nullable().describe('YYYY-MM-DD'),
  deadline: z
    .string()
    .nullable()
    .describe('ISO time from which Azure may use it; only for a prefix that is not allowed yet.'),
  until: z.string().nullable().describe('ISO time until when the app keeps it at least.'),
});

export const plan = z.looseObject({
  version: z.int().optional().describe('Absent in plans of version 0.1.'),
  id: z.string(),
  target: z.string(),
  snapshot: z.string(),
  add: prefixes,
  remove: prefixes,
  retain: prefixes,
  items: z
    .array(planItem)
    .optional()
    .describe('One per prefix, by address. Stored plans leave out what nothing happens to (keep and others).'),
  verdict: z.enum(['apply', 'held', 'blocked']),
  reasons: z.array(reason),
  gate: z
    .looseObject({ code: z.string(), message: z.string() })
    .optional()
    .describe('Why a run would write nothing now: paused or planOnly. It does not influence id.'),
});

export const runRecord = z.looseObject({
  id: z.string(),
  chain: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  outcome: z.string(),
  trigger: z.looseObject({ reason: z.string(), by: z.string().optional() }),
  reasons: z.array(reason),
});

export const actionResult = z.looseObject({ target: z.string(), message: z.string() });
