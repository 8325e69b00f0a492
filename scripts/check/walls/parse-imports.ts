import { parseSync } from '@swc/core';

/** One import as a source file writes it. */
export interface ImportSite {
  readonly specifier: string;
  /** `type`: erased before running. `lazy`: `await import(…)`, run on first use. */
  readonly kind: 'static' | 'lazy' | 'type';
  readonly line: number;
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface Literal extends Node {
  readonly value: string;
  readonly span: { readonly start: number };
}

/**
 * Every import of a TypeScript file: declarations, re-exports, `import(…)`, `require(…)`, and types
 * written as `import('…').T`. An `import(…)` of a computed name is left out: it names no file.
 * Throws on a syntax error, so that a file which cannot be read is never a file without imports.
 */
export function parseImports(source: string, file: string): ImportSite[] {
  const program = parseSync(source, { syntax: 'typescript', tsx: file.endsWith('.tsx'), target: 'esnext' });
  const bytes = Buffer.from(source);
  const sites: ImportSite[] = [];
  visit(program, (node) => {
    const found = importOf(node);
    if (!found) return;
    const upTo = bytes.subarray(0, found.literal.span.start - 1); // spans count bytes from 1
    sites.push({ specifier: found.literal.value, kind: found.kind, line: upTo.toString().split('\n').length });
  });
  return sites;
}

function importOf(node: Node): { literal: Literal; kind: ImportSite['kind'] } | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return isLiteral(node.source) ? { literal: node.source, kind: isErased(node) ? 'type' : 'static' } : undefined;
    case 'TsImportType':
      return isLiteral(node.argument) ? { literal: node.argument, kind: 'type' } : undefined;
    case 'TsExternalModuleReference':
      return isLiteral(node.expression) ? { literal: node.expression, kind: 'static' } : undefined;
    case 'CallExpression': {
      const [argument] = node.arguments as { expression: unknown }[];
      const callee = node.callee as Node;
      if (!argument || !isLiteral(argument.expression)) return undefined;
      if (callee.type === 'Import') return { literal: argument.expression, kind: 'lazy' };
      return callee.type === 'Identifier' && callee.value === 'require'
        ? { literal: argument.expression, kind: 'static' }
        : undefined;
    }
    default:
      return undefined;
  }
}

/**
 * `import type …` alone leaves no trace. `import { type T } from './t.ts'` still loads the file: types
 * are stripped in place, and an import of nothing is what remains.
 */
const isErased = (node: Node): boolean => node.typeOnly === true;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

const isLiteral = (value: unknown): value is Literal => isNode(value) && value.type === 'StringLiteral';

function visit(value: unknown, onNode: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) onNode(value);
  for (const child of Object.values(value)) visit(child, onNode);
}
