import * as z from 'zod';
import { cacheControls, defineRoute, jsonAnswer, type Route } from './route.ts';

const health = z.looseObject({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  snapshot: z.looseObject({ id: z.string(), ageHours: z.number() }).nullable(),
  lastPull: z.looseObject({ at: z.string(), outcome: z.string() }).nullable(),
  targets: z.looseObject({ total: z.int(), inSync: z.int(), held: z.int(), failed: z.int() }),
  goLive: z
    .looseObject({
      status: z.enum(['done', 'waiting', 'near', 'overdue']),
      daysLeft: z.number().describe('Until the first deadline; negative where it has passed, 7 where nothing waits.'),
      deadline: z.string().nullable(),
    })
    .nullable()
    .describe('Azure may use a prefix a week after it was published: what is left of that week for the targets.'),
  sources: z.array(z.looseObject({ source: z.string(), status: z.string() })),
  disagreements: z.int(),
  problems: z.array(z.string()),
});

const content = { 'application/json': health };

export const healthRoute: Route = defineRoute({
  name: 'getHealth',
  method: 'GET',
  path: 'health',
  authLevel: 'anonymous',
  summary: 'Whether the app does its work',
  produces: ['application/json'],
  responses: {
    200: { description: 'healthy, or degraded: it works and somebody should look.', content },
    503: { description: 'unhealthy: it does not do its work.', content },
  },
  async handle(_input, { queries }) {
    const answer = await queries.health();
    return jsonAnswer(answer, {
      status: answer.status === 'unhealthy' ? 503 : 200,
      cacheControl: cacheControls.none,
      ...(answer.status === 'unhealthy' && { headers: { 'retry-after': '60' } }),
    });
  },
});
