/**
 * The one parser of service tags documents, Microsoft's weekly file and the Discovery API's answer alike.
 *
 * Strict about what decides over rules (shape, cloud, names, prefix lists), tolerant about hints (change numbers and
 * regions of tags). A single bad prefix is left out with a warning, so that it does not make the whole release unusable.
 */
import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import { InvalidDocumentError, shorten } from '../errors.ts';
import { namePattern } from './documentBounds.ts';
import { describe, toDocument, type ParsedServiceTags } from './rawDocument.ts';
import type { Cloud } from './serviceTags.ts';

const aNumber = 'expected a number';
const aTagName = 'expected the name of a tag';
/** A change number is part of a snapshot's id. */
const maxChangeNumber = 999_999_999_999_999;

/** A number in the weekly file, a text in the API's answer. */
const changeNumber = z
  .union(
    [
      z.number(aNumber).nonnegative(aNumber).refine(Number.isInteger, aNumber),
      z.string().regex(/^\d+$/, aNumber).transform(Number),
    ],
    aNumber,
  )
  .refine((number) => number <= maxChangeNumber, 'expected a number of at most 15 digits');

const rawTag = z.object(
  {
    name: z.string(aTagName).regex(/\S/, aTagName),
    properties: z.object(
      {
        changeNumber: changeNumber.catch(0),
        region: z.string().catch(''),
        systemService: z.string().catch(''),
        platform: z.string().regex(namePattern).optional().catch(undefined),
        regionId: z.number().optional().catch(undefined),
        networkFeatures: z.array(z.string().regex(namePattern)).nullish().catch(undefined),
        addressPrefixes: z.array(z.unknown(), 'expected an array of CIDRs'),
      },
      'expected an object with addressPrefixes',
    ),
  },
  'expected a service tag',
);

const rawDocument = z.object(
  {
    changeNumber: changeNumber,
    cloud: z.string('expected the name of a cloud'),
    values: z.array(rawTag, 'expected an array of service tags').min(1, 'expected at least one service tag'),
  },
  'expected an object with changeNumber, cloud and values',
);

/** Parses the text of a document; a byte order mark and any line ends are fine. Throws InvalidDocumentError. */
export function parseServiceTagsText(text: string, cloud: Cloud): ParsedServiceTags {
  const body = text.replace(/^\uFEFF/, '').trim();
  if (body === '') throw new InvalidDocumentError('the document is empty, expected service tags as JSON');
  if (body.startsWith('<')) {
    const kind = /^<(!doctype html|html|head|body|!--)/i.test(body) ? 'an HTML page' : 'markup';
    throw new InvalidDocumentError(`the document is ${kind}, not JSON: "${shorten(body, 60)}"`);
  }
  return parseServiceTags(parseJson(body), cloud);
}

/** Checks a document and makes it canonical. Throws InvalidDocumentError with the path of the first bad field. */
export function parseServiceTags(json: unknown, cloud: Cloud): ParsedServiceTags {
  const result = rawDocument.safeParse(json);
  if (!result.success) throw toDocumentError(result.error, json);
  return toDocument(result.data, cloud);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/at position (\d+)/.exec(detail)?.[1] ?? 0);
    const isCut = /end of JSON|Unterminated/.test(detail) || position >= body.length;
    const what = isCut ? `JSON that ends in the middle, after ${body.length} characters` : 'not JSON';
    throw new InvalidDocumentError(`the document is ${what}: ${shorten(detail)}`, '', { cause });
  }
}

function toDocumentError(error: z.ZodError, json: unknown): InvalidDocumentError {
  const issue = error.issues[0];
  const path = toDotPath(issue?.path ?? []);
  const value = issue?.path.reduce<unknown>((parent, key) => (parent as Record<PropertyKey, unknown>)[key], json);
  const message = `${path === '' ? 'document' : path}: ${issue?.message ?? 'not valid'}, found ${describe(value)}`;
  return new InvalidDocumentError(message, path, { cause: error });
}
