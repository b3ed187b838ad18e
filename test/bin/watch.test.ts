import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchAssembly, writingOf } from '../../bin/watch';

const folder = mkdtempSync(join(tmpdir(), 'iot-warden-watch-'));
const manifest = join(folder, 'manifest.json');

afterAll(() => rmSync(folder, { recursive: true }));

test('what was written after the assembly was read and before anybody watched it is told, once', async () => {
  writeFileSync(manifest, '{}');
  const read = writingOf(folder);
  writeFileSync(manifest, '{ "version": "1" }');
  const told: string[] = [];
  let stop!: () => void;
  await new Promise<void>((resolve) => {
    stop = watchAssembly(folder, read, () => {
      told.push(writingOf(folder));
      if (told.length === 1) {
        writeFileSync(manifest, '{ "version": "2, longer" }');
      } else {
        resolve();
      }
    });
  });
  stop();
  expect([told.length, new Set(told).size]).toEqual([2, 2]);
});

test('an assembly that is not there has no writing, nor has a folder without a manifest', () => {
  rmSync(manifest, { force: true });
  expect([writingOf(folder), writingOf(join(folder, 'none'))]).toEqual(['', '']);
});
