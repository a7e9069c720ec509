/** Who may import whom, as data, and a small scanner of import statements that checks a source file against it. */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';

export interface Zone {
  /** What belongs to the zone; the first zone that matches a path is the file's zone. */
  files: RegExp;
  /** Packages it may name. */
  packages: readonly string[];
  /** Source files it may import, by path from the root without extension. */
  sources: RegExp;
  /** True when it may use Node's own modules. */
  mayUseNode: boolean;
}

const SCHEMA = ['zod'];
const ENGINE_PACKAGES = [
  ...SCHEMA,
  'commander',
  '@huggingface/tokenizers',
  '@petamoriken/float16',
  'systeminformation',
];
/** package.json: for the version number alone. */
const ENGINE_SOURCES = /^((shared|main\/(engine|placement|hardware))\/|package\.json$)/;
const UI_PACKAGES = [
  'react',
  'react-dom',
  'zustand',
  'radix-ui',
  'i18next',
  'lucide-react',
  'konva',
  'react-compare-slider',
  '@tanstack/react-virtual',
];

/** The rules of architecture section "Who may import whom". */
export const ZONES: readonly Zone[] = [
  { files: /^shared\//, packages: SCHEMA, sources: /^shared\//, mayUseNode: false },
  { files: /^renderer\//, packages: UI_PACKAGES, sources: /^(shared|renderer)\//, mayUseNode: false },
  {
    files: /^main\/engine\/onnx\//,
    packages: [...ENGINE_PACKAGES, 'onnxruntime-node'],
    sources: ENGINE_SOURCES,
    mayUseNode: true,
  },
  {
    files: /^main\/engine\/image\//,
    packages: [...ENGINE_PACKAGES, 'sharp'],
    sources: ENGINE_SOURCES,
    mayUseNode: true,
  },
  {
    files: /^main\/engine\/remote\/network\.ts$/,
    packages: [...ENGINE_PACKAGES, 'undici'],
    sources: ENGINE_SOURCES,
    mayUseNode: true,
  },
  { files: /^main\/engine\//, packages: ENGINE_PACKAGES, sources: ENGINE_SOURCES, mayUseNode: true },
  {
    files: /^main\/placement\//,
    packages: SCHEMA,
    sources: /^(shared|main\/placement)\//,
    mayUseNode: false,
  },
  { files: /^main\/hardware\//, packages: SCHEMA, sources: /^(shared|main\/hardware)\//, mayUseNode: true },
  {
    files: /^main\/services\/gallery-database\.ts$/,
    packages: [...SCHEMA, 'node-sqlite3-wasm'],
    sources: /^(shared|main\/services)\//,
    mayUseNode: true,
  },
  {
    files: /^main\/services\//,
    packages: SCHEMA,
    sources: /^(shared\/|main\/(services|placement|hardware)\/|main\/engine\/messages$)/,
    mayUseNode: true,
  },
  // The sandboxed preload has no Node modules and shares only words with the rest.
  { files: /^main\/preload\.ts$/, packages: ['electron'], sources: /^shared\//, mayUseNode: false },
  // The menu and the notifications say the page's own words.
  {
    files: /^main\/(words|language)\.ts$/,
    packages: [],
    sources: /^(shared\/|main\/language$|renderer\/i18n\/(languages|language-codes|words)$)/,
    mayUseNode: false,
  },
  {
    files: /^main\/[^/]+\.ts$/,
    packages: [...SCHEMA, 'electron'],
    sources: /^(shared\/|main\/[^/]+$|main\/(services|placement|hardware)\/|main\/engine\/messages$)/,
    mayUseNode: true,
  },
];

const STATEMENTS = [
  /^[ \t]*(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
  /\b(?:import|require|createRequire\([^)]*\))\s*\(\s*['"`]([^'"`]+)['"`]\s*[,)]/g,
];
// A method may be called import, so a computed one is known by what stands before it.
const COMPUTED = /(?:\b(?:await|return|void)\s+|[=(,:>]\s*)(?:import|require)\s*\(\s*[^'"`\s)]/;

/** Every module that a source text names in import, export, import() and require(); comments are left out. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  return STATEMENTS.flatMap((pattern) => [...code.matchAll(pattern)].flatMap((match) => match[1] ?? []));
}

/** One sentence per rule that the file at `path` (from the root, with /) breaks. */
export function violationsOf(path: string, text: string): string[] {
  const zone = ZONES.find(({ files }) => files.test(path));
  if (zone === undefined) return [`${path} lies in no known folder`];
  const found = importsOf(text).flatMap((name) => {
    const reason = refusal(zone, path, name);
    return reason === undefined ? [] : [`${path} imports ${name}: ${reason}`];
  });
  if (COMPUTED.test(withoutComments(text))) found.push(`${path} imports a module whose name is computed`);
  return found;
}

function refusal(zone: Zone, path: string, name: string): string | undefined {
  if (name.startsWith('.')) {
    const target = posix.join(posix.dirname(path), name);
    return zone.sources.test(target) ? undefined : `${target} is not a folder it may use`;
  }
  if (name.startsWith('node:') || builtinModules.includes(name)) {
    return zone.mayUseNode ? undefined : 'it must run without Node';
  }
  const packageName = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  return zone.packages.includes(packageName) ? undefined : `${packageName} is not a package it may use`;
}

/** Drops block comments and line comments that start a line or follow white space. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
