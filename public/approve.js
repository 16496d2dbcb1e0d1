/**
 * `#target=<name>&plan=<id>`, as a notification links to a plan that waits for an approval. The page holds nothing of the
 * app: it asks for a key where the app wants one.
 */
import { byId, element, post, show, showing, useKey } from './page.js';
import { showPlan } from './plan.js';

async function showLinkedPlan() {
  const link = new URLSearchParams(location.hash.slice(1));
  const name = link.get('target');
  show('answer');
  byId('key').hidden = true;
  if (!name) throw new Error('The link names no target: expected #target=<name>&plan=<id>.');
  try {
    await showPlan(name, link.get('plan'), approveButton);
  } catch (error) {
    if (error.status !== 401 && error.status !== 403) throw error;
    show(
      'plan',
      element(
        'p',
        {},
        byId('code').value ? 'That key was refused.' : `Whoever has a key may see the plan for ${name}.`,
      ),
    );
    byId('key').hidden = false;
    byId('code').focus();
  }
}

function approveButton(name, planId) {
  const button = element('button', { type: 'button' }, 'Approve exactly this plan');
  button.addEventListener('click', () => {
    button.disabled = true;
    void showing('answer', () => approve(name, planId));
  });
  return [button, element('p', { className: 'quiet' }, 'It is refused where the plan has changed since.')];
}

async function approve(name, planId) {
  const { message } = await post(`targets/${encodeURIComponent(name)}/apply`, { planId });
  show('answer', element('p', { className: 'good' }, `${name}: ${message}.`));
}

byId('key').addEventListener('submit', (event) => {
  event.preventDefault();
  useKey(byId('code').value.trim());
  void showing('plan', showLinkedPlan);
});

addEventListener('hashchange', () => void showing('plan', showLinkedPlan));

void showing('plan', showLinkedPlan);
