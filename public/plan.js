/** Shows a plan prefix by prefix, in groups: first those that wait for a person. */
import { element, row, table } from './dom.js';
import { count, day, number, regionWords, relative } from './words.js';

/** Each group: the fate of its items, its title, and whether it is folded. */
const groups = [
  ['needsApproval', 'Waits for approval', false],
  ['doesNotFit', 'Does not fit: an approval does not help', false],
  ['neverAllowed', 'Never allowed, approved or not', false],
  ['add', 'Will be added', false],
  ['remove', 'Will be removed', false],
  ['kept', 'No longer listed, kept for now', true],
  ['keep', 'Allowed, and listed', true],
  ['others', 'Allowed by other people’s rules, left alone', true],
];

const longestUnfolded = 12;
const columns = ['Prefix', 'Region', 'Addresses', 'First listed', 'When', 'Why'];

export function itemsOf(plan, fate) {
  return plan.items.filter((item) => item.fate === fate);
}

/** False if nothing needs an approval: prefixes that do not fit or are never allowed cannot be approved. */
export function canBeApproved(plan) {
  return plan.verdict === 'held' && !plan.gate && itemsOf(plan, 'needsApproval').length > 0;
}

export function planGroups(plan, idPrefix = 'group') {
  return groups.flatMap(([fate, title, isFolded]) => {
    const items = itemsOf(plan, fate);
    if (items.length === 0) return [];
    return [
      element(
        'details',
        { id: `${idPrefix}-${fate}`, open: !isFolded && items.length <= longestUnfolded },
        element('summary', {}, element('b', {}, title), ` (${number(items.length)})`),
        table(title, columns, items.map(itemRow)),
      ),
    ];
  });
}

function itemRow({ prefix, tag, addresses, change, firstListed, why, until, deadline }) {
  const sign = change === 'remove' ? '−\u00a0' : change === 'add' ? '+\u00a0' : '';
  return row(columns, [
    [sign, element('code', {}, prefix)],
    tag ? (regionWords(tag) ?? 'all regions') : 'not listed',
    number(addresses),
    firstListed ? day(firstListed) : '',
    deadline ? relative(deadline, 'use') : until ? `until ${day(until)}` : '',
    why?.message ?? '',
  ]);
}

/** One sentence that sums up the plan. */
export function planSentence(plan) {
  const counts = (fate, change) =>
    itemsOf(plan, fate).filter((item) => change === undefined || item.change === change).length;
  const parts = [
    [counts('add'), 'to add'],
    [counts('remove'), 'to remove'],
    [counts('needsApproval', 'add'), 'to add once approved'],
    [counts('needsApproval', 'remove'), 'to remove once approved'],
    [counts('doesNotFit'), 'without room'],
  ].filter(([value]) => value > 0);
  if (parts.length > 0) return `${parts.map(([value, words]) => `${count(value, 'prefix')} ${words}`).join(', ')}.`;
  if (plan.verdict === 'blocked') return 'Nothing can be applied.';
  return 'Nothing to do: the rules are as they should be.';
}
