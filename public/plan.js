/** The panel with the plan of one target, and how to approve what it holds. */
import { byId, element, get, messages, prefixList, show, status, tones } from './page.js';

/**
 * `expected`: id of the plan that somebody was told of. `approval`: the elements by which a plan is approved, from the
 * target's name and the plan's id.
 */
export async function showPlan(name, expected, approval = approveCommand) {
  show('plan', element('p', {}, `Reading the live rules of ${name}…`));
  const plan = await get(`targets/${encodeURIComponent(name)}/plan`);
  const held = { add: plan.held?.add ?? [], remove: plan.held?.remove ?? [] };
  const lists = [
    ['Add', plan.add, '+'],
    ['Remove', plan.remove, '−'],
    ['Add once approved', held.add, '+'],
    ['Remove once approved', held.remove, '−'],
    ['No longer listed, kept for now', plan.retain, '='],
    ['Not ours, left alone', plan.foreign, '='],
    ['Put right in the rule itself', plan.ruleDrift, '~'],
  ].filter(([, prefixes]) => prefixes?.length > 0);
  const isQuiet = lists.length === 0 && plan.verdict === 'apply';
  const canBeApproved = plan.verdict === 'held' && held.add.length + held.remove.length > 0 && !plan.gate;
  show(
    'plan',
    element(
      'div',
      { className: `panel ${plan.gate ? 'warn' : (tones[plan.verdict] ?? '')}` },
      element('h3', {}, `Plan for ${name} `, ...statusesOf(plan, isQuiet).flatMap((text) => [status(text), ' '])),
      plan.gate ? element('p', {}, `Nothing of it is written now. ${plan.gate.message}`) : undefined,
      isQuiet ? element('p', {}, 'Nothing to do: the rules are as they should be.') : undefined,
      expected && expected !== plan.id
        ? element('p', { className: 'warn' }, 'The plan has changed since the notification: this is the new one.')
        : undefined,
      plan.reasons.length > 0 ? messages(plan.reasons) : undefined,
      ...lists.map(([title, prefixes, sign]) => prefixList(title, prefixes, sign)),
      ...(canBeApproved ? approval(name, plan.id) : []),
    ),
  );
  byId('plan').focus();
}

/** What is not written now is not called to be applied. */
function statusesOf({ verdict, gate }, isQuiet) {
  if (isQuiet) return gate ? ['inSync', gate.code] : ['inSync'];
  if (!gate) return [verdict];
  return verdict === 'apply' ? [gate.code] : [verdict, gate.code];
}

/** The command holds no key: who may approve has one. */
function approveCommand(name, planId) {
  const url = new URL(`targets/${encodeURIComponent(name)}/apply`, location.href);
  const command = [
    `curl -X POST ${url.origin}${url.pathname}`,
    '-H "x-functions-key: $FUNCTION_KEY"',
    "-H 'content-type: application/json'",
    `-d '{"planId":"${planId}"}'`,
  ].join(' \\\n  ');
  return [
    element('h4', {}, 'To approve exactly this plan'),
    element('pre', {}, command),
    element('p', { className: 'quiet' }, 'It is refused where the plan has changed since; then look again.'),
  ];
}
