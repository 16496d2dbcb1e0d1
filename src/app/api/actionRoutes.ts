import * as z from 'zod';
import { cacheControls, defineRoute, jsonAnswer, type ApiApp, type Answer, type Route } from './route.ts';
import type { TargetActions } from '../targetActions.ts';
import { runAction } from './runAction.ts';
import * as schemas from './schemas.ts';
import { targetParams } from './targetRoutes.ts';

const smallBody = 16 * 1024;

const done = (description: string): Route['responses'] => ({
  200: { description, content: { 'application/json': schemas.actionResult } },
});

async function answerAction(app: ApiApp, act: (actions: TargetActions) => Promise<unknown>): Promise<Answer> {
  return jsonAnswer(await runAction(app, act), { cacheControl: cacheControls.none });
}

export const applyRoute = defineRoute({
  summary: 'Approves exactly this plan, also one that waits for approval',
  params: targetParams,
  body: {
    schema: z.strictObject(
      { planId: schemas.matching(/^[0-9a-f]{64}$/, 'the id of a plan, 64 hex digits') },
      'an object with planId alone',
    ),
    maxBytes: smallBody,
    example: { planId: 'c0535e4be2b79ffd93291305436bf889314e4a3faec05ecffcbb7df31ad9e51a' },
  },
  responses: {
    ...done('The plan is approved, and a run has applied what it can; outcome says how the run ended.'),
    409: {
      description:
        'Nothing was applied; type says why: plan-changed (look at plan, the new one), target-paused, ' +
        'target-plan-only, target-blocked (a person must act first), target-busy (try again after Retry-After).',
      content: { 'application/problem+json': schemas.problemSchema },
    },
  },
  async handle({ params, body, by }, app) {
    return answerAction(app, (actions) => actions.approvePlan(params.name, body.planId, by));
  },
});

export const rollbackRoute = defineRoute({
  summary: 'Rolls the target back to an earlier snapshot and keeps it there',
  params: targetParams,
  body: {
    schema: z.strictObject({ snapshot: schemas.snapshotId }, 'an object with snapshot alone'),
    maxBytes: smallBody,
    example: { snapshot: 'Public-20250303-346-0123456789ab' },
  },
  responses: done('The target stays at that snapshot until somebody resumes it.'),
  async handle({ params, body, by }, app) {
    const { snapshot } = await app.queries.library.get(body.snapshot);
    return answerAction(app, (actions) => actions.rollbackTarget(params.name, snapshot.id, by));
  },
});

export const resumeRoute = defineRoute({
  summary: 'Ends a pause or a rollback: the target follows the list again',
  params: targetParams,
  responses: done('The target follows the current snapshot again.'),
  async handle({ params, by }, app) {
    return answerAction(app, (actions) => actions.resumeTarget(params.name, by));
  },
});

export const pauseRoute = defineRoute({
  summary: 'Pauses one target: the app writes nothing to it',
  params: targetParams,
  responses: done('The target is paused.'),
  async handle({ params, by }, app) {
    return answerAction(app, (actions) => actions.pauseTarget(params.name, by));
  },
});

export const pullRoute = defineRoute({
  summary: 'Pulls now (runs pullServiceTags)',
  responses: {
    200: {
      description: 'What the pull found.',
      content: { 'application/json': z.looseObject({ outcome: z.string(), message: z.string() }) },
    },
  },
  async handle({ by }, app) {
    return answerAction(app, (actions) => actions.pullNow(by));
  },
});
