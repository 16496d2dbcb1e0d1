/** What a person does to a target: runs the action of a button, and shows its progress and its result. */
import { get, post } from './api.js';
import { askForKey } from './key.js';
import { button, byId, element } from './dom.js';
import { itemsOf } from './plan.js';
import { count, duration, prefixWords, regionWords } from './words.js';

/** Shows the result of an action until the person puts it away. */
function showResult(tone, ...parts) {
  const note = element('div', { className: `note ${tone}` });
  const away = button('Put away', { className: 'link' }, () => note.remove());
  note.append(...parts, ' ', away);
  byId('done').prepend(note);
  note.scrollIntoView({ block: 'nearest' });
}

/**
 * `start` does the action and returns what to show. Meanwhile the button says for how long it has been working.
 * `whenDone` is called after success and after failure.
 */
export async function act(pressed, start, whenDone) {
  const text = pressed.textContent;
  const begun = Date.now();
  pressed.disabled = true;
  pressed.setAttribute('aria-busy', 'true');
  const timer = setInterval(() => {
    pressed.textContent = `Working for ${Math.round((Date.now() - begun) / 1000)} seconds…`;
  }, 1000);
  try {
    showResult('good', ...(await start()));
  } catch (error) {
    if (error.status === 401 || error.status === 403) askForKey({ isRefused: true, retry: () => whenDone() });
    else showResult('bad', error.message, ...linkAfter(error));
  } finally {
    clearInterval(timer);
    pressed.disabled = false;
    pressed.removeAttribute('aria-busy');
    pressed.textContent = text;
    await whenDone();
  }
}

function linkAfter({ problem }) {
  const target = problem?.plan?.target;
  return target ? [' ', element('a', { href: targetHref(target) }, `Look at the new plan for ${target}`)] : [];
}

export function targetHref(name) {
  return `#/targets/${encodeURIComponent(name)}`;
}

function targetPath(name, action) {
  return `targets/${encodeURIComponent(name)}/${action}`;
}

export async function approve(name, planId) {
  const { runId, message } = await post(targetPath(name, 'apply'), { planId });
  return [element('b', {}, `${name}: approved. `), ...(await describeRun(runId, message))];
}

/** Approves one plan after the other. A refusal is shown and does not stop the others. */
export async function approveAll(targets) {
  const refused = [];
  for (const { name, planId } of targets) {
    await post(targetPath(name, 'apply'), { planId }).catch((error) => {
      if (error.status === 401 || error.status === 403) throw error;
      refused.push(`${name}: ${error.message}`);
    });
  }
  const done = targets.length - refused.length;
  return [element('b', {}, `Approved for ${count(done, 'target')}. `), refused.join(' ')];
}

/** A person confirms that Microsoft has retired a tag. */
export async function retire(tag) {
  const { message } = await post(`tags/${encodeURIComponent(tag)}/retire`);
  return [element('b', {}, `${tag} counts as retired. `), message ?? ''];
}

export async function pause(name) {
  await post(targetPath(name, 'pause'));
  return [element('b', {}, `${name} is paused. `), 'The app writes nothing to it until somebody resumes it.'];
}

export async function resume(name) {
  const { runId, message } = await post(targetPath(name, 'resume'));
  return [element('b', {}, `${name} follows the current list again. `), ...(await describeRun(runId, message))];
}

export async function rollBack(name, snapshot) {
  const { runId, message } = await post(targetPath(name, 'rollback'), { snapshot });
  return [
    element('b', {}, `${name} is rolled back and stays so until somebody resumes it. `),
    ...(await describeRun(runId, message)),
  ];
}

/** What a run did, from its record. */
async function describeRun(runId, message) {
  const run = runId ? (await get(`runs/${runId}`, { signal: null })).body : undefined;
  if (!run?.plan) return [`${message}.`];
  const written = ['applied', 'pending'].includes(run.outcome);
  if (!written) return run.reasons[0] ? [run.reasons[0].message] : ['Nothing had to be written.'];
  const [add, remove] = ['add', 'remove'].map((fate) => itemsOf(run.plan, fate));
  const parts = [
    ...(add.length > 0 ? [`${count(add.length, 'prefix')} added: `, ...listOf(add), '. '] : []),
    ...(remove.length > 0
      ? [
          `${count(remove.length, 'prefix')} ${run.outcome === 'pending' ? 'will be removed as soon as the additions have taken effect' : 'removed'}: `,
          ...listOf(remove),
          '. ',
        ]
      : []),
  ];
  return [...(parts.length > 0 ? parts : ['Nothing had to be written. ']), `It took ${duration(run.durationInMs)}.`];
}

function listOf(items) {
  const shown = items
    .slice(0, 5)
    .flatMap(({ prefix, tag }, index) => [
      index === 0 ? '' : ', ',
      ...prefixWords({ prefix, region: tag ? regionWords(tag) : undefined }),
    ]);
  return [...shown, items.length > 5 ? ` and ${items.length - 5} more` : ''];
}
