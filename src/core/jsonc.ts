/** JSON as people write it: with comments and trailing commas. A key that is given twice is an error, not a guess. */
import { evaluate, parse, type ValueNode } from '@humanwhocodes/momoa';
import { ConfigurationError, toErrorMessage } from './errors.ts';

/** Throws ConfigurationError with line and column; `source` names the text in the message. */
export function parseJsonc(text: string, source: string): unknown {
  const document = parseNodes(text.replace(/^\uFEFF/, ''), source);
  const duplicate = findDuplicateKey(document);
  if (duplicate)
    throw new ConfigurationError(
      source,
      `key "${duplicate.key}" is given twice (${duplicate.line}:${duplicate.column})`,
    );
  return evaluate(document);
}

function parseNodes(text: string, source: string): ValueNode {
  try {
    return parse(text, { mode: 'jsonc', allowTrailingCommas: true }).body;
  } catch (error) {
    throw new ConfigurationError(source, `is not JSON: ${toErrorMessage(error)}`, { cause: error });
  }
}

interface DuplicateKey {
  readonly key: string;
  readonly line: number;
  readonly column: number;
}

function findDuplicateKey(node: ValueNode): DuplicateKey | undefined {
  if (node.type === 'Array') return firstOf(node.elements.map((element) => element.value));
  if (node.type !== 'Object') return undefined;
  const seen = new Set<string>();
  for (const { name, loc } of node.members) {
    const key = name.type === 'String' ? name.value : name.name;
    if (seen.has(key)) return { key, line: loc.start.line, column: loc.start.column };
    seen.add(key);
  }
  return firstOf(node.members.map((member) => member.value));
}

function firstOf(nodes: readonly ValueNode[]): DuplicateKey | undefined {
  for (const node of nodes) {
    const found = findDuplicateKey(node);
    if (found) return found;
  }
  return undefined;
}
