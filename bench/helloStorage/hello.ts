/** The smallest function app that uses the storage SDK: it looks for one blob. */
import { app } from '@azure/functions';
import { registerSameTriggers } from '../sameTriggers.ts';

app.http('hello', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: async () => {
    const { BlobServiceClient } = await import('@azure/storage-blob');
    const blobs = BlobServiceClient.fromConnectionString(process.env.AzureWebJobsStorage ?? '');
    const isThere = await blobs.getContainerClient('hello').getBlockBlobClient('hello.json').exists();
    return { jsonBody: { status: isThere ? 'ok' : 'none' } };
  },
});

registerSameTriggers();
