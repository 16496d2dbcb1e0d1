/** Every refusal of a request names the field, the value and what is accepted. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { call } from './call.ts';
import { makeWorld, plan, type World } from './fakes.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const aDay = 'an ISO date such as 2026-07-20, or a time such as 2026-07-20T12:00:00Z';
const prefixForms =
  'json, csv, text, nginx, haproxy, apache, ipset, nftables, iptables, terraform, networkpolicy, networkpolicy-egress, cilium, calico, ingress-nginx, aws';
const aNumber = 'a whole number from 1 to';
const anAddress = 'an IP address or a CIDR such as 20.42.66.1, 2603:1030::/48';

describe('a query', () => {
  test.each([
    [
      'changes?from=2024-13-01',
      'from',
      `"2024-13-01" is not accepted; accepted: an id that GET snapshots lists, or ${aDay}`,
    ],
    ['changes?to=latest', 'to', `"latest" is not accepted; accepted: an id that GET snapshots lists, or ${aDay}`],
    ['prefixes?asOf=x', 'asOf', `"x" is not accepted; accepted: ${aDay}`],
    ['prefixes?since=x', 'since', `"x" is not accepted; accepted: an id that GET snapshots lists, or ${aDay}`],
    ['lookup', 'ip', `is missing; accepted: ${anAddress}`],
    ['lookup?ip=', 'ip', `"" is not accepted; accepted: ${anAddress}`],
    ['lookup?ip=1.2.3', 'ip', `"1.2.3" is not ${anAddress}`],
    ['prefixes?limit=abc', 'limit', `"abc" is not accepted; accepted: ${aNumber} 100000`],
    ['history?limit=1001', 'limit', `"1001" is not accepted; accepted: ${aNumber} 1000`],
    ['runs?limit=1.5', 'limit', `"1.5" is not accepted; accepted: ${aNumber} 200`],
    ['prefixes?format=xml', 'format', `"xml" is not accepted; accepted: ${prefixForms}`],
    ['prefixes?aggregate=yes', 'aggregate', '"yes" is not accepted; accepted: true, false'],
    ['prefixes?shard=4/3', 'shard', '"4/3" is not accepted; accepted: i/n such as 1/3, i at most n'],
    ['runs?target=A', 'target', '"A" is not accepted; accepted: a target name, [a-z0-9-]{1,40}'],
    [
      'prefixes?format=text&continuation=x',
      'continuation',
      '"x" is not accepted here; accepted: with format json and without since: every other form is given whole',
    ],
  ])('%s', async (target, parameter, message) => {
    const reply = await call(world.app, target);

    expect(reply.status).toBe(400);
    expect(reply.json()).toMatchObject({
      type: 'urn:acr-address-keeper:problem:invalid-query',
      parameter,
      detail: `${parameter}: ${message}`,
    });
  });

  test.each(['prefixes', 'snapshots', 'history', 'targets', 'runs'])(
    '%s: a continuation that no list gave is typed, and names its parameter',
    async (list) => {
      const reply = await call(world.app, `${list}?continuation=bad`);

      expect(reply.status).toBe(400);
      expect(reply.json()).toMatchObject({
        type: 'urn:acr-address-keeper:problem:invalid-query',
        parameter: 'continuation',
        detail: expect.stringMatching(/^continuation is not one that this list gave/) as unknown,
      });
    },
  );
});

describe('a body', () => {
  const apply = 'targets/webhook-receiver/apply';

  test.each([
    [apply, {}, 'planId: is missing; accepted: the id of a plan, 64 hex digits'],
    [apply, { planId: 7 }, 'planId: 7 is not accepted; accepted: the id of a plan, 64 hex digits'],
    [apply, [], 'the body: an array of 0 is not accepted; accepted: an object with planId alone'],
    [
      apply,
      { planId: plan.id, force: true },
      'the body: the member "force" is not accepted; accepted: an object with planId alone',
    ],
    [
      'targets/webhook-receiver/rollback',
      { snapshot: 'x' },
      'snapshot: "x" is not accepted; accepted: an id that GET snapshots lists',
    ],
    ['lookup', { ip: 1 }, 'the body: an object is not accepted; accepted: an array of at most 10,000 addresses'],
    [
      `snapshots/${plan.snapshot}/reject`,
      { reason: 'x' },
      'reason: "x" is not accepted; accepted: a text of 3 to 500 characters',
    ],
    ['lookup', ['20.42.66.1', 7], `entry 1: 7 is not accepted; accepted: ${anAddress}`],
  ])('%s %j', async (target, body, detail) => {
    const reply = await call(world.app, target, { method: 'POST', body });

    expect(reply.status).toBe(400);
    expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:invalid-body', detail });
  });
});
