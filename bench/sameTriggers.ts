/** Registers as many triggers as the product has. They do nothing, so that only the product's own work is compared. */
import { app } from '@azure/functions';

const routes = 34;

export function registerSameTriggers(): void {
  for (let index = 0; index < routes; index += 1) {
    app.http(`route${index}`, {
      route: `routes/${index}/{name}`,
      methods: ['GET', 'HEAD'],
      authLevel: 'function',
      handler: () => ({ status: 204 }),
    });
  }
  for (const name of ['pull', 'reconcile']) {
    app.timer(name, { schedule: '0 0 0 1 1 *', handler: () => undefined });
  }
  for (const queueName of ['hello-update', 'hello-update-poison']) {
    app.storageQueue(queueName, { queueName, connection: 'AzureWebJobsStorage', handler: () => undefined });
  }
}
