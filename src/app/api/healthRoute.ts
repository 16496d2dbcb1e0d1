/** Described without zod, which takes time to load: a monitor's request is often the first of a process. */
import { unhealthy, type Health } from '../queries/health.ts';
import { cacheControls, defineRoute, jsonAnswer, type Answer, type JsonSchema, type Route } from './route.ts';

const whole = { type: 'integer' };
const text = { type: 'string' };

function object(properties: JsonSchema): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

const goLive = object({
  status: { enum: ['done', 'waiting', 'near', 'overdue'] },
  daysLeft: {
    type: 'number',
    description: 'Until the first deadline; negative where it has passed, 7 where nothing waits.',
  },
  deadline: orNull(text),
});

const health = object({
  status: { enum: ['healthy', 'degraded', 'unhealthy'] },
  snapshot: orNull(
    object({
      id: text,
      ageHours: { type: 'number', description: 'Since the day of release.' },
      released: { ...text, description: 'Day of the newest release that lists the same.' },
      fetchedAt: text,
      age: { ...text, description: 'Both in words: released 28 Oct 2025, fetched 2 minutes ago.' },
    }),
  ),
  lastPull: orNull(object({ at: text, outcome: text })),
  targets: object({
    total: { ...whole, description: 'The sum of the others.' },
    inSync: whole,
    pending: whole,
    held: whole,
    failed: { ...whole, description: 'Failed or blocked.' },
    noEffect: { ...whole, description: 'The registry is open or closed to all, whatever its rules say.' },
    planOnly: { ...whole, description: 'Preview only: nothing is written, and no deadline counts.' },
    paused: whole,
  }),
  goLive: {
    ...orNull(goLive),
    description: 'Azure may use a prefix a week after it was published: what is left of that week for the targets.',
  },
  sources: { type: 'array', items: object({ source: text, status: text }) },
  disagreements: whole,
  problems: { type: 'array', items: text },
  notes: { type: 'array', items: text, description: 'Worth knowing; nobody has to act.' },
});

const content = { 'application/json': health };

export const healthRoute: Route = defineRoute({
  summary: 'Whether the app does its work',
  // A probe that is refused for how it asks counts the app as down.
  ignoresUnknown: true,
  responses: {
    200: { description: 'healthy, or degraded: it works and somebody should look.', content },
    503: { description: 'unhealthy: it does not do its work.', content },
  },
  async handle(_input, { queries }) {
    return toAnswer(await queries.health());
  },
  whenMisconfigured: (faults) => toAnswer(unhealthy(faults)),
});

function toAnswer(health: Health): Answer {
  const isUnhealthy = health.status === 'unhealthy';
  return jsonAnswer(health, {
    status: isUnhealthy ? 503 : 200,
    cacheControl: cacheControls.none,
    ...(isUnhealthy && { headers: { 'retry-after': '60' } }),
  });
}
