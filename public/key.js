/** Asks for a function key, says which one, and where to get it. */
import { useKey } from './api.js';
import { button, byId, element } from './dom.js';

/** `retry` is called when the new key is in use. */
export function askForKey({ isRefused, retry }) {
  const area = byId('key');
  const input = element('input', {
    id: 'code',
    type: 'password',
    required: true,
    autocomplete: 'off',
    spellcheck: false,
  });
  const send = element('button', { className: 'main' }, 'Use this key');
  const form = element(
    'form',
    { className: `card ${isRefused ? 'bad' : 'quiet'}` },
    element('h2', {}, isRefused ? 'That key was refused' : 'This page needs a key'),
    element(
      'p',
      {},
      isRefused
        ? 'The app refused the request. A key of a single function is not enough for this page: it needs a host key.'
        : 'The page asks several functions of the app, so it needs a host key.',
    ),
    element(
      'p',
      {},
      'In the Azure portal: your function app, App keys, Host keys. Create a key of your own, so that you can revoke it alone. Or:',
    ),
    element(
      'pre',
      {},
      element(
        'code',
        {},
        'az functionapp keys set --resource-group <group> --name <app> \\\n  --key-type functionKeys --key-name page',
      ),
    ),
    element('label', { htmlFor: 'code' }, 'Host key'),
    input,
    element(
      'div',
      { className: 'acts' },
      send,
      button('Not now', {}, () => (area.hidden = true)),
    ),
    element('p', { className: 'soft' }, 'The page keeps it in memory until you close or reload it, and nowhere else.'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    useKey(input.value.trim());
    area.hidden = true;
    retry();
  });
  area.replaceChildren(form);
  area.hidden = false;
  input.focus();
}
