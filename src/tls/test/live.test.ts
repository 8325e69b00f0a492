/** Files that are replaced while the process runs: at once or piece by piece, well or badly. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '#kernel';
import { testAuthority } from '../../../test/certificates.ts';
import { openServerTls, type ServerTls } from '../index.ts';

const authority = testAuthority('CA');
const [first, second] = [authority.issue(['first.test']), authority.issue(['second.test'])];

let folder: string;
let tls: ServerTls;
let outcomes: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chatelaine-live-'));
  outcomes = [];
});
afterEach(() => {
  tls.close();
  rmSync(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);
function write(name: string, text: string): void {
  writeFileSync(path(`${name}.new`), text);
  renameSync(path(`${name}.new`), path(name));
}
const open = async (certificate = path('tls.crt'), key = path('tls.key')) => {
  tls = await openServerTls({
    ...{ certificate, key, field: 'tls', clock: { now: Date.now }, log: silentLogger },
    reloaded: (outcome) => outcomes.push(outcome),
  });
  return tls;
};

describe('a certificate and its key', () => {
  it('are followed when both are replaced, by the clock of the listener alone', async () => {
    write('tls.crt', first.cert);
    write('tls.key', first.key);
    await open();
    const changed = vi.fn();
    tls.onChange(changed);
    expect(tls.names()).toEqual(['first.test']);
    write('tls.key', second.key);
    write('tls.crt', second.cert);
    await vi.waitFor(() => expect(tls.names()).toEqual(['second.test']), { timeout: 20_000 });
    expect(changed).toHaveBeenCalledWith({ isLost: false });
    expect(outcomes).toEqual(['applied']);
    expect(tls.options()).toMatchObject({ cert: second.cert, minVersion: 'TLSv1.3' });
  });

  it('are not refused for being written one after the other', async () => {
    write('tls.crt', first.cert);
    write('tls.key', first.key);
    await open();
    write('tls.crt', second.cert);
    await tls.look();
    expect([tls.state(), tls.names(), outcomes]).toEqual(['ok', ['first.test'], []]);
    write('tls.key', second.key);
    await tls.look();
    expect([tls.state(), tls.names(), outcomes]).toEqual(['ok', ['second.test'], ['applied']]);
  });

  it('stay when what replaces them cannot be used, until it can', async () => {
    write('tls.crt', first.cert);
    write('tls.key', first.key);
    await open();
    write('tls.crt', 'nothing');
    await tls.look();
    await tls.look();
    expect([tls.state(), tls.names(), outcomes]).toEqual(['refused', ['first.test'], ['refused']]);
    await tls.look();
    expect(outcomes, 'told once').toEqual(['refused']);
    write('tls.crt', first.cert);
    await tls.look();
    expect([tls.state(), outcomes]).toEqual(['ok', ['refused', 'applied']]);
  });

  it('stay when the files are gone', async () => {
    write('tls.crt', first.cert);
    write('tls.key', first.key);
    await open();
    rmSync(path('tls.crt'));
    await tls.look();
    await tls.look();
    expect([tls.state(), tls.names()]).toEqual(['refused', ['first.test']]);
  });

  it('are followed through the links that Kubernetes swaps', async () => {
    const version = (name: string, issued: typeof first): void => {
      mkdirSync(path(name));
      writeFileSync(path(`${name}/tls.crt`), issued.cert);
      writeFileSync(path(`${name}/tls.key`), issued.key);
    };
    version('..2026_01', first);
    symlinkSync('..2026_01', path('..data'));
    symlinkSync('..data/tls.crt', path('tls.crt'));
    symlinkSync('..data/tls.key', path('tls.key'));
    await open();
    version('..2026_02', second);
    symlinkSync('..2026_02', path('..data_tmp'));
    renameSync(path('..data_tmp'), path('..data'));
    rmSync(path('..2026_01'), { recursive: true });
    await tls.look();
    expect([tls.state(), tls.names(), outcomes]).toEqual(['ok', ['second.test'], ['applied']]);
  });
});
