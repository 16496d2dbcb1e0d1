/* global SwaggerUIBundle */
// Everything is on this server: no validator badge from outside.
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: -1,
  docExpansion: 'list',
});
