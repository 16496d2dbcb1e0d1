/** The API as a page for people: each route once, with an example that can be tried. */
import { ask, get } from './api.js';
import { button, byId, element, row, show, table } from './dom.js';
import { askForKey } from './key.js';

const columns = ['Parameter', 'Where', 'Meaning'];

async function showApi() {
  const { body: api } = await get('openapi.json');
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'head')
      .map(([method, operation]) => ({ path: path.slice(1), method: method.toUpperCase(), ...operation })),
  );
  show(
    byId('api'),
    api.tags.map(({ name }) => {
      const found = operations.filter(({ tags }) => tags.includes(name));
      // A route with several paths is one route.
      const routes = [...Map.groupBy(found, ({ operationId }) => operationId.replace(/\d+$/, '')).values()];
      return element('section', { 'aria-label': name }, element('h2', {}, name), routes.map(routeEntry));
    }),
  );
}

function routeEntry(forms) {
  const [{ operationId, method, summary, description, security, requestBody }] = forms;
  const parameters = new Map(
    forms.flatMap((form) => form.parameters.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter])),
  );
  return element(
    'details',
    { className: 'card', id: operationId },
    element(
      'summary',
      {},
      element('b', {}, `${method} `),
      forms.map(({ path }, index) => [index > 0 ? ', ' : '', element('code', {}, path)]),
      ` ${summary}`,
    ),
    description ? element('p', {}, description) : undefined,
    element(
      'p',
      { className: 'soft' },
      security?.length === 0 ? 'Anonymous.' : `Needs a key for the function ${operationId}, or a host key.`,
    ),
    parameters.size > 0 ? table('Parameters', columns, [...parameters.values()].map(parameterRow)) : undefined,
    forms.map((form) => example(form, requestBody)),
  );
}

function parameterRow({ name, in: where, required, description, schema }) {
  const values = schema.enum?.join(', ');
  return row(columns, [
    element('code', {}, name),
    `${where}${required ? ', required' : ''}`,
    [description, values && `One of: ${values}.`, schema.default !== undefined && `Default: ${schema.default}.`]
      .filter(Boolean)
      .join(' '),
  ]);
}

function example({ method, 'x-example': path, security }, requestBody) {
  if (path === undefined) return undefined;
  const body = requestBody?.content['application/json'].example;
  const url = new URL(path, location.href).href;
  const command = [
    `curl ${method === 'GET' ? '' : `-X ${method} `}'${url}'`,
    ...(security?.length === 0 ? [] : ['-H "x-functions-key: $FUNCTION_KEY"']),
    ...(body === undefined
      ? []
      : ["-H 'content-type: application/json'", `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n  ');
  const answer = element('div', { role: 'status' });
  const isSafe = method === 'GET';
  return element(
    'div',
    {},
    element('pre', {}, element('code', {}, command)),
    isSafe
      ? element(
          'div',
          { className: 'acts' },
          button('Try it', { 'aria-label': `Try it: ${path}` }, () => tryIt(path, answer)),
        )
      : undefined,
    answer,
  );
}

const longestAnswer = 4000;

async function tryIt(path, answer) {
  const { status, text } = await ask(path).catch((error) => ({ status: 0, text: error.message }));
  if (status === 401) return askForKey({ isRefused: false, retry: () => tryIt(path, answer) });
  const cut =
    text.length > longestAnswer
      ? `${text.slice(0, longestAnswer)}\n… and ${text.length - longestAnswer} characters more`
      : text;
  show(answer, element('p', { className: 'soft' }, `Status ${status}`), element('pre', {}, element('code', {}, cut)));
}

void showApi();
