// Fills package-lock.json with the platform builds that a registry mirror left out.
//
// A mirror that carries only some platforms makes `npm install` drop the others from the
// lockfile, and `npm ci` then refuses the file everywhere. The missing entries are known
// without asking anybody: an optional dependency with an exact version whose name ends in
// its platform. They carry no integrity, since nobody here has seen their bytes.
//
//   node scripts/complete-lockfile.mjs            after `npm install` changed a lockfile: the one here,
//                                                 and those of the folders here that have their own
//   node scripts/complete-lockfile.mjs --check    exits 1 when entries are missing, and changes nothing
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const systems = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'win32',
  freebsd: 'freebsd',
  android: 'android',
  openharmony: 'openharmony',
  windows: 'win32',
};
const processors = {
  arm64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  ppc64: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
  wasm32: 'wasm32',
  amd64: 'x64',
};

/** os, cpu and libc as the last words of a package name say them: `…-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.map((word) => systems[word]).find(Boolean);
  const cpu = words.map((word) => processors[word]).find(Boolean);
  if (!cpu) return undefined;
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu')) && os === 'linux'
      ? 'glibc'
      : undefined;
  return { ...(os && { os: [os] }), cpu: [cpu], ...(libc && { libc: [libc] }) };
}

/** Adds what is missing to the lockfile's packages, and gives what that was. */
function complete(packages) {
  const added = [];
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`;
      if (packages[place] || path === '') continue;
      const platform = platformOf(name);
      if (!platform || !/^\d/.test(version)) continue;
      packages[place] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
      added.push(`${name}@${version}`);
    }
  }
  return added;
}

const files = ['.', ...readdirSync('.').filter((name) => name !== 'node_modules')]
  .map((folder) => (folder === '.' ? 'package-lock.json' : `${folder}/package-lock.json`))
  .filter((file) => existsSync(file));

for (const file of files) {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const added = complete(lock.packages);
  if (added.length === 0) continue;
  if (process.argv.includes('--check')) {
    for (const entry of added) console.error(`${file} lacks ${entry}`);
    process.exitCode = 1;
    continue;
  }
  const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
  console.log(`${file}: added ${added.length} platform builds\n  ${added.join('\n  ')}`);
}
