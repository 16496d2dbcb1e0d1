/** The targets file as JSON Schema, for editors: made from the schemas that parse the file. */
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
  const schema = z.toJSONSchema(file, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const pattern = zodSchema._zod.def.type === 'string' && patternOf(zodSchema._zod.def);
      if (pattern && pattern.ignoreCase) jsonSchema.pattern = inBothCases(pattern.source);
    },
  });
  return { ...schema, title: 'Targets of the ACR Address Keeper' };
}

function patternOf({ checks = [] }: z.core.$ZodTypeDef): RegExp | undefined {
  const definitions = checks.map(({ _zod }) => _zod.def as { readonly pattern?: RegExp });
  return definitions.find(({ pattern }) => pattern !== undefined)?.pattern;
}

/** JSON Schema has no flag to ignore case: `^[a-f]x\d` becomes `^[a-fA-F][xX]\d`. */
export function inBothCases(source: string): string {
  return source.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|[a-z]/gi, (part) => {
    if (part.startsWith('\\')) return part;
    if (part.startsWith('[')) return part.replaceAll(/\\.|([a-z])-([a-z])/g, withUpperRange);
    return `[${part.toLowerCase()}${part.toUpperCase()}]`;
  });
}

function withUpperRange(range: string, from?: string, to?: string): string {
  return from === undefined || to === undefined ? range : `${range}${from.toUpperCase()}-${to.toUpperCase()}`;
}
