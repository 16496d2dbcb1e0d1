/** Described without zod, which takes time to load: a monitor's request is often the first of a process. */
import { unhealthy, type Health } from '../queries/health.ts';
import { array, object, orNull, text, whole } from './jsonSchemas.ts';
import { cacheControls, defineRoute, jsonAnswer, type Answer, type Route } from './route.ts';

const goLive = object({
  status: { enum: ['done', 'waiting', 'near', 'overdue'] },
  daysLeft: {
    type: 'number',
    description: 'Days until the first deadline; negative if it has passed, 7 if nothing is missing.',
  },
  deadline: orNull(text),
});

const health = object({
  status: { enum: ['healthy', 'degraded', 'unhealthy'] },
  snapshot: orNull(
    object({
      id: text,
      ageHours: { type: 'number', description: 'Hours since the day of the release.' },
      released: { ...text, description: 'Day of the newest release with this content.' },
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
    noEffect: { ...whole, description: 'The registry ignores its IP rules.' },
    planOnly: { ...whole, description: 'Preview only: the app writes nothing, and no deadline counts.' },
    paused: whole,
  }),
  goLive: {
    ...orNull(goLive),
    description:
      'Azure may use a prefix a week after its release: what is left of that week for prefixes that a target lacks.',
  },
  sources: array(object({ source: text, status: text })),
  disagreements: whole,
  problems: array(text),
  notes: { ...array(text), description: 'Worth knowing; nobody has to act.' },
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
