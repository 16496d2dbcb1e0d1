/** What a route of the API is: the schemas that check its requests and describe it, and its handler. */
import type * as z from 'zod';
import type { Logger } from '../ports.ts';
import type { Queries } from '../queries.ts';
import type { SnapshotView } from '../queries/currentSnapshot.ts';
import type { TargetActions } from '../targetActions.ts';

/** What the routes are served from; the composition root builds it. */
export interface ApiApp {
  readonly queries: Queries;
  readonly actions: TargetActions;
  readonly logger: Logger;
}

export interface RouteInput<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The media type that was negotiated, one of `produces`. */
  readonly mediaType: string;
  /** Who asks, as far as the platform says it; empty for a GET, which leaves no record. */
  readonly by: string;
  /** Absolute URL of the request, without keys. */
  url(): string;
}

export interface Answer {
  readonly status?: number;
  /** With its charset. */
  readonly contentType: string;
  /** Called only where no kept representation serves. */
  readonly render: () => string | Uint8Array | Promise<string | Uint8Array>;
  /** The snapshot that it is made from: named in `x-snapshot-id`, and the life of a kept representation. */
  readonly view?: SnapshotView;
  /** More than the snapshot went into it, so the snapshot's time is not its time. */
  readonly isUndated?: boolean;
  /** Names the representation among those of its snapshot, or of the deployment; without it nothing is kept. */
  readonly key?: string;
  readonly cacheControl: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ResponseDescription {
  readonly description: string;
  /** Schema by media type. */
  readonly content: Readonly<Record<string, z.ZodType | JsonSchema>>;
}

/** Plain, for a route that is asked first in the life of a process, or by machines: zod costs its load. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Headers of an answer that not every route has. */
export type AnswerHeader = 'x-snapshot-id' | 'x-stale' | 'x-quarantined' | 'x-withheld';

/** Where a route is found, and who may ask it: all that is known of it before its first request. */
export interface RouteEntry {
  /** GET answers HEAD too. */
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As registered, below `/api/`. */
  readonly path: string;
  readonly auth: 'function' | 'anonymous';
  readonly load: () => Promise<Route>;
}

/** A route that is loaded, under the name of its function. */
export interface Endpoint extends Route, Omit<RouteEntry, 'load'> {
  readonly name: string;
}

export interface Route {
  /** Paths as documented, where one route serves several. */
  readonly documentedPaths?: Readonly<Record<string, z.ZodObject>>;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Query parameters that may be given several times. */
  readonly repeatable?: readonly string[];
  /** Query parameters that it does not know are no mistake: whoever asks, asks for an answer. */
  readonly ignoresUnknown?: true;
  readonly body?: { readonly schema: z.ZodType; readonly maxBytes: number; readonly example?: unknown };
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /** Which of them a good answer may have. */
  readonly answerHeaders?: readonly AnswerHeader[];
  /** Answers from the deployment alone: the app is not even loaded for it, and `handle` gets none. */
  readonly isStatic?: true;
  /** Media types to negotiate, where there are several; the first is the default. One form is sent whatever `Accept` says. */
  readonly produces?: readonly string[];
  handle(input: RouteInput, app: ApiApp): Promise<Answer>;
  /** The answer of an app whose settings are wrong; without it a 503. */
  whenMisconfigured?(faults: readonly string[]): Promise<Answer>;
}

type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

interface TypedRoute<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType,
> extends Omit<Route, 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: { readonly schema: B; readonly maxBytes: number; readonly example?: unknown };
  handle(input: RouteInput<OutputOf<P>, OutputOf<Q>, z.output<B>>, app: ApiApp): Promise<Answer>;
}

/** Ties a handler to its own schemas. */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType = z.ZodUndefined,
>(route: TypedRoute<P, Q, B>): Route {
  return route as unknown as Route;
}

export const jsonType = 'application/json; charset=utf-8';
export const textType = 'text/plain; charset=utf-8';

export const cacheControls = {
  /** Follows the current snapshot, which is looked for every 30 seconds. */
  current: 'private, max-age=30, stale-if-error=86400',
  /** Named by id: never changes. */
  immutable: 'private, max-age=31536000, immutable',
  /** Asks each time; a 304 is cheap. */
  live: 'private, no-cache',
  none: 'no-store',
} as const;

/** Of what is made from the snapshot in memory. */
export const snapshotHeaders = ['x-snapshot-id', 'x-stale'] as const satisfies readonly AnswerHeader[];

/** For an answer that is about a snapshot without being made from it alone; of none where there is none. */
export function namingSnapshot(id: string | undefined): Pick<Answer, 'headers'> {
  return id ? { headers: { 'x-snapshot-id': id } } : {};
}

export function jsonAnswer(value: unknown, rest: Partial<Answer> = {}): Answer {
  return { contentType: jsonType, render: () => JSON.stringify(value), cacheControl: cacheControls.live, ...rest };
}

/** For what stays the same as long as its snapshot does. */
export function snapshotAnswer(
  view: SnapshotView,
  key: string,
  makeValue: () => unknown,
  rest: Partial<Answer> = {},
): Answer {
  return {
    contentType: jsonType,
    render: async () => JSON.stringify(await makeValue()),
    view,
    key,
    cacheControl: cacheControls.current,
    ...rest,
  };
}
