import type { Import } from './import-graph.ts';
import { CONFINED_PACKAGES, MODULES, type ModulePlace } from './modules.ts';

/** A rule looks at one import and gives the sentence that says what to do instead, or nothing. */
type Rule = (site: Import) => string | undefined;

/** `vault` for `src/vault/rotate.ts`; undefined outside `src/`. */
export const moduleOf = (file: string): string | undefined => /^src\/([^/]+)\//.exec(file)?.[1];

/** Tests and what only they use: beside the code in `test/` folders, or in the roots that do not ship. */
export const isTestSide = (file: string): boolean =>
  /(^|\/)test\//.test(file) || /^(scripts|conformance|bench|examples)\//.test(file);

const placeOf = (name: string): ModulePlace | undefined => MODULES.find((place) => place.name === name);

const mustExist: Rule = ({ to, specifier }) =>
  to.kind === 'nothing' ? `\`${specifier}\` leads nowhere; check the path, or the aliases in package.json` : undefined;

const mustHaveAPlace: Rule = ({ from }) => {
  const name = moduleOf(from);
  return name === undefined || placeOf(name)
    ? undefined
    : `\`src/${name}\` has no place among the modules; give it one in scripts/check/walls/modules.ts`;
};

const throughTheDoor: Rule = ({ from, to, specifier }) => {
  if (to.kind !== 'file') return undefined;
  const target = moduleOf(to.file);
  if (target === undefined || target === moduleOf(from) || to.door) return undefined;
  return `import \`#${target}\` instead of \`${specifier}\`: a module is entered through its index.ts, which exports what others may use`;
};

const pointingDown: Rule = ({ from, to }) => {
  if (to.kind !== 'file') return undefined;
  const source = moduleOf(from);
  const target = moduleOf(to.file);
  if (source === undefined || target === undefined || source === target) return undefined;
  const place = placeOf(source);
  if (!place || place.mayImport.includes(target)) return undefined;
  const doors = place.mayImport.map((name) => `\`#${name}\``).join(', ') || 'no module';
  return `\`${source}\` may import ${doors}, not \`#${target}\`: ${place.because}; take what is needed as an argument, or declare a port in \`#contract\``;
};

const confined: Rule = ({ from, to }) => {
  if ((to.kind !== 'package' && to.kind !== 'builtin') || isTestSide(from)) return undefined;
  const rule = CONFINED_PACKAGES.find(({ packages }) => packages.includes(to.name));
  if (!rule || rule.folders.some((folder) => folder.test(from))) return undefined;
  return `\`${to.name}\` is not imported here: ${rule.instead}`;
};

const noTestsInProduction: Rule = ({ from, to, specifier }) =>
  to.kind === 'file' && !isTestSide(from) && isTestSide(to.file)
    ? `\`${specifier}\` does not ship (tests, examples, tools); production code does not import it: move what is shared into \`src/\``
    : undefined;

const declared: Rule = ({ from, to }) => {
  if (to.kind !== 'package') return undefined;
  if (to.declared === undefined)
    return `\`${to.name}\` is not declared in package.json; it is here by accident of another package`;
  return to.declared === 'development' && !isTestSide(from) && from.startsWith('src/')
    ? `\`${to.name}\` is a development dependency and absent in production; move it to \`dependencies\` or do without`
    : undefined;
};

/** In the order in which a reader wants to hear of them; the first that applies speaks. */
export const RULES: readonly Rule[] = [
  mustExist,
  mustHaveAPlace,
  noTestsInProduction,
  pointingDown,
  throughTheDoor,
  confined,
  declared,
];
