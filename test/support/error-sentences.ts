/** The sentences of the errors that main process and engine throw, read from their source: what a language has to know. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

const main = fileURLToPath(new URL('../../main', import.meta.url));
/** Speak to those who type commands or run a server, never to the window. */
const ELSEWHERE = ['cli', 'serve', 'bench'].map((folder) => path.join('engine', folder) + path.sep);
/** A mistake of ours, which no sentence explains. */
const INTERNAL = 'internal';

/** Every `new AppError(code, sentence)` whose sentence stands in the source, with `x` for each value. */
export function errorSentences(): string[] {
  const files = readdirSync(main, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !ELSEWHERE.some((folder) => file.startsWith(folder)),
  );
  const found = files.flatMap((file) => {
    const { program } = parseSync(file, readFileSync(path.join(main, file), 'utf8'));
    return sentencesIn(program);
  });
  return [...new Set(found)].sort();
}

function sentencesIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(sentencesIn);
  if (!isNode(node)) return [];
  const inside = Object.values(node).flatMap(sentencesIn);
  if (node.type !== 'NewExpression' || !isNode(node['callee']) || node['callee']['name'] !== 'AppError')
    return inside;
  const [code, sentence] = node['arguments'] as unknown[];
  return isNode(code) && code['value'] === INTERNAL ? inside : [...textsOf(sentence), ...inside];
}

/** What an expression of literals, templates, sums and choices can be; nothing for what is made elsewhere. */
function textsOf(node: unknown): string[] {
  if (!isNode(node)) return [];
  switch (node.type) {
    case 'Literal':
      return typeof node['value'] === 'string' ? [node['value']] : [];
    case 'TemplateLiteral':
      return [(node['quasis'] as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join('x')];
    case 'BinaryExpression':
      return textsOf(node['left']).flatMap((left) => textsOf(node['right']).map((right) => left + right));
    case 'ConditionalExpression':
      return [...textsOf(node['consequent']), ...textsOf(node['alternate'])];
    default:
      return [];
  }
}

type Node = { type: string } & Record<string, unknown>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
