import * as z from 'zod';
import { cacheControls, defineRoute, jsonAnswer, type Answer, type ApiApp, type Route } from './route.ts';
import type { TargetActions } from '../targetActions.ts';
import { runAction } from './runAction.ts';
import * as schemas from './schemas.ts';

const snapshotParams = z.strictObject({ id: schemas.snapshotId });
const tagParams = z.strictObject({
  tag: schemas.matching(schemas.tagPattern, 'a service tag such as Storage.WestEurope'),
});

const decided = (description: string): Route['responses'] => ({
  200: {
    description,
    content: {
      'application/json': z.looseObject({ message: z.string(), runId: z.string(), snapshot: z.string() }),
    },
  },
  409: {
    description: 'Nothing was decided; detail says why.',
    content: { 'application/problem+json': schemas.problemSchema },
  },
});

async function answerDecision(app: ApiApp, act: (actions: TargetActions) => Promise<unknown>): Promise<Answer> {
  const result = await runAction(app, act);
  app.queries.history.expire();
  return jsonAnswer(result, { cacheControl: cacheControls.none });
}

const reasonLength = 'a text of 3 to 500 characters';

export const rejectRoute = defineRoute({
  summary: 'Treats a release as never published',
  description:
    'What only this release listed leaves the feeds within half a minute, and the targets with their next run. The app ' +
    'does not take the same list again under a later date. DELETE takes this back.',
  params: snapshotParams,
  body: {
    schema: z.strictObject(
      { reason: z.string(reasonLength).trim().min(3, reasonLength).max(500, reasonLength) },
      'an object with reason alone',
    ),
    maxBytes: 16 * 1024,
    example: { reason: 'The list contains prefixes that do not belong to Azure.' },
  },
  responses: decided('The release is rejected; snapshot is the one that is current now.'),
  async handle({ params, body, by }, app) {
    return answerDecision(app, (actions) => actions.rejectRelease(params.id, body.reason, by));
  },
});

export const takeBackRoute = defineRoute({
  summary: 'Takes back that a release was rejected',
  params: snapshotParams,
  responses: decided('The release counts again.'),
  async handle({ params, by }, app) {
    return answerDecision(app, (actions) => actions.takeBackRejection(params.id, by));
  },
});

export const retireRoute = defineRoute({
  summary: 'Confirms that a retired tag is gone for good',
  description: 'Feeds then no longer contain what the tag had. A tag that comes back is followed again.',
  params: tagParams,
  responses: decided('The tag is confirmed as gone.'),
  async handle({ params, by }, app) {
    return answerDecision(app, (actions) => actions.retireTag(params.tag, by));
  },
});
