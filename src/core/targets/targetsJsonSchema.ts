/** The targets file as JSON Schema, made of the schemas that read it: what editors show while somebody types. */
import * as z from 'zod';
import { defaultsSchema, entrySchemas, fileSchema } from './targetSchema.ts';

export function targetsJsonSchema(): object {
  const target = z.discriminatedUnion('kind', [entrySchemas.nsgRule, entrySchemas.registryNetworkRules]);
  const profile = z.discriminatedUnion('kind', [
    entrySchemas.nsgRule.omit({ name: true, resourceId: true }),
    entrySchemas.registryNetworkRules.omit({ name: true, resourceId: true }),
  ]);
  const file = fileSchema.extend({
    defaults: defaultsSchema.optional(),
    targets: z.array(target).optional(),
    profiles: z.record(z.string(), profile).optional(),
  });
  return {
    ...z.toJSONSchema(file, { io: 'input', unrepresentable: 'any' }),
    title: 'Targets of the ACR Address Keeper',
  };
}
